// `openid-client`: authorization requests sent ahead of the browser (PAR), by a public client, one with a secret and
// one with a key. The browser carries a reference alone, once.

import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { EMAIL, GATEPOST_URL, MCP_URL, proof } from '../expect.mjs';
import { byKey, given, key, refused, register, request, visit, whoami } from './common.mjs';

async function clients() {
  const { privateKey, set } = await key('ES256');
  return [
    ['a public client', await register({ client_name: 'PAR', token_endpoint_auth_method: 'none' }, openid.None())],
    ['a client with a secret', await register({ client_name: 'PAR', token_endpoint_auth_method: 'client_secret_basic' })],
    ['a client with a key', await register(
      { client_name: 'PAR', token_endpoint_auth_method: 'private_key_jwt', jwks: set }, byKey(privateKey),
    )],
  ];
}

await proof('openid-par', async (ok) => {
  const registered = await clients();
  for (const [what, config] of registered) {
    const { parameters, checks } = await request();
    const url = await openid.buildAuthorizationUrlWithPAR(config, parameters);
    assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
    const back = await visit(url);
    const tokens = await openid.authorizationCodeGrant(config, back, checks, { resource: MCP_URL });
    assert.equal((await whoami(config, tokens.access_token)).email, EMAIL);
    await assert.rejects(visit(url), / -> 400: /, 'a reference works once');
    ok(`${what}: pushed, logged in, whoami answers; the reference works once`);
  }

  const [[, open], [, secret], [, keyed]] = registered;
  const { parameters } = await request();
  const push = (config, changes = {}) => openid.buildAuthorizationUrlWithPAR(config, { ...parameters, ...changes });
  const stranger = await given(secret.clientMetadata().client_id, openid.ClientSecretBasic('of somebody else'));
  await refused(push(stranger), /invalid_client/);
  const thief = await given(keyed.clientMetadata().client_id, byKey((await key('ES256')).privateKey));
  await refused(push(thief), /invalid_client/);
  ok('refused: another secret, another key');
  await refused(push(open, { redirect_uri: 'http://127.0.0.1:18325/elsewhere' }), /invalid_request/);
  await refused(push(open, { code_challenge_method: 'plain' }), /invalid_request/);
  await refused(push(open, { resource: 'https://other.example/mcp' }), /invalid_target/);
  await refused(push(open, { request_uri: 'urn:ietf:params:oauth:request_uri:x' }), /invalid_request/);
  ok('refused at once: a redirect URI, PKCE method, resource, a reference to a reference');

  const stolen = await push(secret);
  stolen.searchParams.set('client_id', open.clientMetadata().client_id);
  await assert.rejects(visit(stolen), / -> 400: /);
  await assert.rejects(visit(`${GATEPOST_URL}/oauth/authorize?client_id=${open.clientMetadata().client_id}`
    + '&request_uri=urn:ietf:params:oauth:request_uri:guessed'), / -> 400: /);
  ok('refused: the reference of another client, a guessed one');
});
