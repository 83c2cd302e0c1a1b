// `openid-client`: what works alone must work together. Bound tokens by every way to get one, and a client by document
// that pushes its request, proves itself with a key and binds its tokens.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as openid from 'openid-client';
import { Documents } from '../documents.mjs';
import { EMAIL, GATEPOST_URL, MCP_URL, proof, SEARCH } from '../expect.mjs';
import { gatepost, machine } from '../gatepost.mjs';
import { IdentityProvider } from '../identity_provider.mjs';
import { byKey, given, key, logIn, REDIRECT, refused, register, request, visit, whoami } from './common.mjs';
import { decide } from './person.mjs';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const payload = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
const holder = async (config) => openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
const open = (name, more) => register({ client_name: name, token_endpoint_auth_method: 'none', ...more }, openid.None());

/** The token is bound to this key and useful with it alone. */
async function isBound(config, tokens, DPoP) {
  assert.equal(tokens.token_type, 'dpop');
  assert.equal(payload(tokens.access_token).cnf.jkt, await DPoP.calculateThumbprint());
  const me = await whoami(config, tokens.access_token, { DPoP });
  await refused(whoami(config, tokens.access_token), /401|invalid_token/);
  await refused(whoami(config, tokens.access_token, { DPoP: await holder(config) }), /invalid_token/);
  return me;
}

/** The server hears of what the command line makes from the database; what is refused before burns nothing. */
async function heard(attempt) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === 50) throw error;
      await sleep(100);
    }
  }
}

async function pushed(ok) {
  const config = await open('Pushed and bound');
  const DPoP = await holder(config);
  for (const owner of [DPoP, await holder(config)]) {
    const { parameters, checks } = await request();
    const back = await visit(await openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }));
    const grant = openid.authorizationCodeGrant(config, back, checks, { resource: MCP_URL }, { DPoP: owner });
    if (owner === DPoP) assert.equal((await isBound(config, await grant, DPoP)).email, EMAIL);
    else await refused(grant, /invalid_grant/);
  }
  ok('pushed with a proof: the code is for that key alone');
}

async function device(ok) {
  const config = await open('Device and bound', { grant_types: [DEVICE, 'refresh_token'], redirect_uris: undefined, response_types: [] });
  const DPoP = await holder(config);
  const asked = await openid.initiateDeviceAuthorization(config, { scope: SEARCH, resource: MCP_URL });
  const polled = openid.pollDeviceAuthorizationGrant(config, asked, undefined, { DPoP });
  await decide(asked.verification_uri, asked.user_code, 'allow');
  const tokens = await polled;
  assert.equal((await isBound(config, tokens, DPoP)).email, EMAIL);
  const other = await holder(config);
  await refused(openid.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP: other }), /invalid_grant/);
  await isBound(config, await openid.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP }), DPoP);
  ok('a device: bound, refreshed with its key alone');
}

async function document(ok) {
  const site = await Documents.listen();
  const { privateKey, set } = await key('ES256');
  const id = site.publish('/all.json', {
    client_name: 'Everything', redirect_uris: [REDIRECT], grant_types: ['authorization_code', 'refresh_token', DEVICE],
    response_types: ['code'], token_endpoint_auth_method: 'private_key_jwt', jwks: set, dpop_bound_access_tokens: true,
  });
  const config = await given(id, byKey(privateKey));
  const DPoP = await holder(config);
  const { parameters, checks } = await request();
  const back = await visit(await openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }));
  const tokens = await openid.authorizationCodeGrant(config, back, checks, { resource: MCP_URL }, { DPoP });
  assert.equal((await isBound(config, tokens, DPoP)).client.id, id);
  const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP });
  await isBound(config, renewed, DPoP);
  await refused(openid.refreshTokenGrant(config, renewed.refresh_token), /invalid_dpop_proof/);
  const thief = await given(id, byKey((await key('ES256')).privateKey));
  await refused(openid.buildAuthorizationUrlWithPAR(thief, parameters), /invalid_client/);
  ok('a document, its key, a pushed request and bound tokens, refreshed');

  const asked = await openid.initiateDeviceAuthorization(config, { scope: SEARCH, resource: MCP_URL });
  const polled = openid.pollDeviceAuthorizationGrant(config, asked, undefined, { DPoP });
  await decide(asked.verification_uri, asked.user_code, 'allow');
  assert.equal((await isBound(config, await polled, DPoP)).client.id, id);
  ok('a device that is known by its document');
}

async function vouched(ok) {
  const [company, platform] = [await IdentityProvider.listen(), await IdentityProvider.listen()];
  const tools = gatepost('resource', 'list').find((resource) => resource.url === MCP_URL);
  const made = machine('Vouched for', '--scope', SEARCH);
  gatepost('issuer', 'add', '--kind', 'enterprise', '--name', 'House', '--issuer', company.issuer, '--domain', EMAIL.split('@')[1]);
  const { id } = gatepost('issuer', 'add', '--kind', 'workload', '--name', 'Cluster', '--issuer', platform.issuer);
  gatepost('issuer', 'rule', id, '--when', 'team = one', '--machine', made.client_id, '--resource', tools.id);

  const site = await Documents.listen();
  const url = site.publish('/vouched.json', { client_name: 'By document', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' });
  const config = await given(url, openid.None());
  const DPoP = await holder(config);
  const jag = await company.sign('oauth-id-jag+jwt', {
    sub: 'one', email: EMAIL, email_verified: true, aud: GATEPOST_URL, client_id: url, resource: MCP_URL, scope: SEARCH,
  });
  const tokens = await heard(() => openid.genericGrantRequest(config, BEARER, { assertion: jag }, { DPoP }));
  const me = await isBound(config, tokens, DPoP);
  assert.deepEqual([me.email, me.client.id], [EMAIL, url]);
  ok('an ID-JAG for a client by document, its token bound');

  const program = await given(made.client_id, openid.None());
  const assertion = await platform.sign('JWT', { sub: 'program', aud: GATEPOST_URL, team: 'one' });
  const own = await heard(() => openid.genericGrantRequest(program, BEARER, { assertion, resource: MCP_URL }, { DPoP }));
  assert.equal((await isBound(program, own, DPoP)).kind, 'machine');
  ok('a program of a platform, its token bound');
}

async function exchanged(ok) {
  const url = 'http://localhost/archive';
  const archive = gatepost('resource', 'add', '--name', 'Archive', '--url', url, '--scope', 'archive:read=Read');
  const tools = gatepost('resource', 'list').find((resource) => resource.url === MCP_URL);
  const { privateKey, set } = await key('ES256');
  const made = machine('Behind', '--auth-method', 'private_key_jwt', '--keys', JSON.stringify(set));
  const { token } = gatepost('api-token', 'create', '--name', 'Together', '--owner', EMAIL, '--scope', 'issuers:write');
  const answer = await fetch(`${GATEPOST_URL}/admin/api/v1/exchanges`, {
    method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: made.client_id, from_resource_id: tools.id, to_resource_id: archive.id, scopes: ['archive:read'],
    }),
  });
  assert.equal(answer.status, 201, await answer.text());
  const server = await given(made.client_id, byKey(privateKey));
  const DPoP = await holder(server);
  const exchange = (subject_token) => openid.genericGrantRequest(
    server, EXCHANGE, { subject_token, subject_token_type: ACCESS_TOKEN, resource: url }, { DPoP },
  );
  const person = await open('In front');
  const shown = await logIn(person);
  const tokens = await heard(() => exchange(shown.access_token));
  assert.equal(tokens.token_type, 'dpop');
  const claims = payload(tokens.access_token);
  assert.deepEqual([claims.aud, claims.cnf.jkt], [url, await DPoP.calculateThumbprint()]);
  const bound = await logIn(person, { DPoP: await holder(person) });
  await refused(exchange(bound.access_token), /invalid_request/);
  ok('token exchange by a client with a key: bound to its key; a token that is bound to another is not exchanged');
}

await proof('openid-together', async (ok) => {
  await pushed(ok);
  await device(ok);
  await document(ok);
  await vouched(ok);
  await exchanged(ok);
}, { seconds: 110 });
