// Two processes of one installation, on one Postgres: what was shown to one is known to the other. `openid-client` shows
// an assertion, a proof and a code at the first, and the very same requests go to the second (SECOND_URL).

import assert from 'node:assert/strict';
import { request as send } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import * as openid from 'openid-client';
import { MCP_URL, proof, SEARCH } from './expect.mjs';
import { machine } from './gatepost.mjs';
import { byKey, given, key, logIn, refused, register, whoami } from './openid/common.mjs';

/** The same request to the second process, which answers to the same name. */
function atSecond({ url, method, headers, body }) {
  const target = new URL(url);
  const { port } = new URL(process.env.SECOND_URL);
  const options = { host: '127.0.0.1', port, path: target.pathname, method, headers: { ...headers, host: target.host } };
  return new Promise((resolve, reject) => {
    const sent = send(options, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() });
    });
    sent.on('error', reject).end(body && String(body));
  });
}

/** Sends what this library sends to the first process, and keeps it; or, while `only` is set, to the second alone. */
function watch(config) {
  const seen = {};
  config[openid.customFetch] = async (url, { method = 'GET', body, headers }) => {
    Object.assign(seen, { url, method, body, headers: Object.fromEntries(new Headers(headers)) });
    if (!seen.only) return fetch(url, { method, body, headers });
    const answer = await atSecond(seen);
    return new Response(answer.body, { status: answer.status, headers: { 'content-type': answer.headers['content-type'] } });
  };
  return seen;
}

const initialize = JSON.stringify({
  jsonrpc: '2.0', id: 1, method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'processes', version: '1' } },
});
const asMcp = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** What one process ended, the other hears of within a second. */
async function ends(use) {
  const until = Date.now() + 2_000;
  while (await use().then(() => true, () => false)) {
    assert.ok(Date.now() < until, 'it still works');
    await sleep(50);
  }
  await refused(use(), /401|invalid_token/);
}

await proof('processes', async (ok) => {
  const { privateKey, set } = await key('ES256');
  const made = machine('On two processes', '--scope', SEARCH, '--auth-method', 'private_key_jwt', '--keys', JSON.stringify(set));
  const config = await given(made.client_id, byKey(privateKey));
  const seen = watch(config);
  await openid.clientCredentialsGrant(config, { resource: MCP_URL });
  const assertion = await atSecond(seen);
  assert.equal(assertion.status, 401, assertion.body);
  assert.match(assertion.body, /invalid_client.*used before/);
  seen.only = 'second';
  assert.ok((await openid.clientCredentialsGrant(config, { resource: MCP_URL })).access_token);
  seen.only = undefined;
  ok('an assertion that was shown to the first is refused by the second, which takes another');

  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
  const { access_token: token } = await openid.clientCredentialsGrant(config, { resource: MCP_URL }, { DPoP });
  const call = () => openid.fetchProtectedResource(
    config, token, new URL(MCP_URL), 'POST', initialize, new Headers(asMcp), { DPoP },
  );
  assert.equal((await call()).status, 200);
  const again = await atSecond(seen);
  assert.equal(again.status, 401, again.body);
  assert.match(again.headers['www-authenticate'], /^DPoP .*invalid_dpop_proof/);
  seen.only = 'second';
  assert.equal((await call()).status, 200);
  ok('a proof that was shown to the first is refused by the second, which takes another');

  const person = await register({ client_name: 'On two processes', token_endpoint_auth_method: 'none' }, openid.None());
  const code = watch(person);
  const tokens = await logIn(person);
  const twice = await atSecond(code);
  assert.equal(twice.status, 400, twice.body);
  assert.match(twice.body, /invalid_grant/);
  await refused(openid.refreshTokenGrant(person, tokens.refresh_token), /invalid_grant/);
  await ends(() => whoami(person, tokens.access_token));
  ok('a code that was redeemed at the first is refused by the second, which ends what it gave');
});
