// `openid-client`: the device grant. A device asks, polls and is told to wait; a person enters its code on another
// device; the device gets tokens, once. Then a person who denies, and somebody else's device code.

import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { EMAIL, GATEPOST_URL, MCP_URL, proof, SEARCH } from '../expect.mjs';
import { gatepost } from '../gatepost.mjs';
import { byKey, given, key, refused, register, whoami } from './common.mjs';
import { decide } from './person.mjs';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const ask = (config) => openid.initiateDeviceAuthorization(config, { scope: SEARCH, resource: MCP_URL });
const fetchOnce = (config, device) => openid.genericGrantRequest(config, GRANT, { device_code: device.device_code });

async function clients() {
  const { privateKey, set } = await key('ES256');
  const grant_types = [GRANT, 'refresh_token'];
  const television = { client_name: 'Television', grant_types, redirect_uris: undefined, response_types: [] };
  const made = gatepost('client', 'create', '--name', 'Terminal', '--devices', '--auth-method', 'client_secret_basic');
  return [
    ['a public client', await register({ ...television, token_endpoint_auth_method: 'none' }, openid.None())],
    ['a client with a key', await register(
      { ...television, token_endpoint_auth_method: 'private_key_jwt', jwks: set }, byKey(privateKey),
    )],
    ['a client that an administrator made', await given(made.client_id, openid.ClientSecretBasic(made.client_secret))],
  ];
}

await proof('openid-device', async (ok) => {
  const all = await clients();
  for (const [what, config] of all) {
    const device = await ask(config);
    assert.equal(device.verification_uri, `${GATEPOST_URL}/device`);
    await refused(fetchOnce(config, device), /authorization_pending/);
    await refused(fetchOnce(config, device), /slow_down/);
    const fresh = await ask(config);
    const polled = openid.pollDeviceAuthorizationGrant(config, fresh);
    const { pages } = await decide(fresh.verification_uri, fresh.user_code, 'allow');
    assert.deepEqual(pages.slice(-2), ['code', 'consent']);
    const tokens = await polled;
    const me = await whoami(config, tokens.access_token);
    assert.deepEqual([me.email, me.client.id], [EMAIL, config.clientMetadata().client_id]);
    assert.ok(me.scopes.includes(SEARCH));
    const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token, { resource: MCP_URL });
    assert.equal((await whoami(config, renewed.access_token)).email, EMAIL);
    await refused(fetchOnce(config, fresh), /invalid_grant/);
    await refused(openid.refreshTokenGrant(config, renewed.refresh_token), /invalid_grant/);
    ok(`${what}: waited, allowed by a person, whoami answers, refreshed; the code works once, its replay ends all`);
  }

  const [[, config], [, other]] = all;
  const device = await ask(config);
  await refused(fetchOnce(other, device), /invalid_grant/);
  ok('refused: the device code of another client');
  const complete = await decide(device.verification_uri_complete, device.user_code, 'deny');
  assert.deepEqual(complete.pages.at(-1), 'consent');
  await refused(fetchOnce(config, device), /access_denied/);
  ok('refused: what the person denied');
  const codes = await register({ client_name: 'No device', token_endpoint_auth_method: 'none' }, openid.None());
  await refused(ask(codes), /unauthorized_client/);
  ok('refused: a client that did not say it has devices');
}, { seconds: 110 });
