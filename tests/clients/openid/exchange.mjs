// `openid-client`: token exchange. A person uses a client at `/mcp`; a server behind it shows the person's token and
// gets one for another resource, in the person's name, as a rule of the administrator's says.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as openid from 'openid-client';
import { EMAIL, GATEPOST_URL, MCP_URL, proof, SEARCH } from '../expect.mjs';
import { gatepost, machine } from '../gatepost.mjs';
import { given, logIn, refused, register, whoami } from './common.mjs';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const payload = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

/** Rules are made by the API. */
async function rule(body) {
  const { token } = gatepost('api-token', 'create', '--name', 'Exchanges', '--owner', EMAIL, '--scope', 'issuers:write');
  const response = await fetch(`${GATEPOST_URL}/admin/api/v1/exchanges`, {
    method: 'POST', body: JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  assert.equal(response.status, 201, await response.text());
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const metadata = await (await fetch(`${GATEPOST_URL}/.well-known/oauth-authorization-server`)).json();
    if (metadata.grant_types_supported.includes(GRANT)) return;
    await sleep(100);
  }
  throw new Error('the server does not say that it exchanges tokens');
}

await proof('openid-exchange', async (ok) => {
  const url = 'http://localhost/ledger';
  const ledger = gatepost('resource', 'add', '--name', 'Ledger', '--url', url, '--scope', 'ledger:read=Read', '--scope', 'ledger:write=Write');
  const tools = gatepost('resource', 'list').find((resource) => resource.url === MCP_URL);
  const made = machine('A server behind');
  const server = await given(made.client_id, openid.ClientSecretBasic(made.client_secret));
  const person = await register({ client_name: 'In front', token_endpoint_auth_method: 'none' }, openid.None());
  const { access_token: shown, refresh_token } = await logIn(person);
  const exchange = (config, token, more) => openid.genericGrantRequest(config, GRANT, {
    subject_token: token, subject_token_type: ACCESS_TOKEN, resource: url, ...more,
  });

  await refused(exchange(server, shown), /unsupported_grant_type|invalid_target/);
  await rule({ client_id: made.client_id, from_resource_id: tools.id, to_resource_id: ledger.id, scopes: ['ledger:read'] });
  const exchanged = await exchange(server, shown);
  assert.equal(exchanged.issued_token_type, ACCESS_TOKEN);
  assert.equal(exchanged.refresh_token, undefined);
  const [before, claims] = [payload(shown), payload(exchanged.access_token)];
  assert.deepEqual([claims.sub, claims.aud, claims.scope], [before.sub, url, 'ledger:read']);
  assert.deepEqual(claims.act, { sub: made.client_id });
  assert.ok(claims.exp <= before.exp, 'it lives no longer');
  const read = await openid.tokenIntrospection(server, exchanged.access_token);
  assert.deepEqual([read.active, read.sub, read.aud], [true, before.sub, url]);
  await refused(whoami(server, exchanged.access_token), /401|invalid_token/);
  ok('a token for the other resource, in the name of the person, as the rule says; useless at /mcp');

  await refused(exchange(server, shown, { scope: 'ledger:write' }), /invalid_scope/);
  await refused(exchange(server, shown, { resource: MCP_URL }), /invalid_target/);
  await refused(exchange(server, exchanged.access_token), /invalid_target/);
  await refused(exchange(server, `${shown.slice(0, -6)}AAAAAA`), /invalid_request/);
  await refused(exchange(server, refresh_token), /invalid_request/);
  ok('refused: a scope beyond the rule, another target, the new token in turn, a forged one, a refresh token');
  const other = machine('A server without a rule', '--scope', SEARCH);
  const unknown = await given(other.client_id, openid.ClientSecretBasic(other.client_secret));
  await refused(exchange(unknown, shown), /invalid_target/);
  await refused(exchange(person, shown), /unauthorized_client/);
  const { access_token: own } = await openid.clientCredentialsGrant(unknown, { resource: MCP_URL });
  await refused(exchange(server, own), /invalid_request/);
  ok("refused: a client without a rule, a public one, a machine's token");

  await openid.tokenRevocation(person, refresh_token);
  assert.deepEqual(await openid.tokenIntrospection(server, exchanged.access_token), { active: false });
  await refused(exchange(server, shown), /invalid_request/);
  ok('the person ended it: both tokens are over');
});
