// `openid-client`: tokens bound to a key (DPoP), with proofs of every algorithm; at a Gatepost that asks for no nonce,
// or (argument `nonce`) at one that asks for it. Login, refresh, userinfo, `/mcp`, a machine; then wrong keys and proofs.
//
//   node openid/dpop.mjs [nonce]

import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { EMAIL, MCP_URL, proof, SEARCH } from '../expect.mjs';
import { machine } from '../gatepost.mjs';
import { given, logIn, refused, register, request, visit, whoami } from './common.mjs';

const needsNonce = process.argv[2] === 'nonce';
const name = needsNonce ? 'openid-dpop-nonce' : 'openid-dpop';
const payload = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

/** A handle on a new key, as its owner uses it. */
async function holder(config, algorithm = 'ES256', change) {
  const pair = await openid.randomDPoPKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
  return openid.getDPoPHandle(config, pair, change && { [openid.modifyAssertion]: change });
}

/** Proofs by the requests of this library, of which the last is kept. */
function watch(config) {
  const seen = { nonces: 0 };
  config[openid.customFetch] = async (url, options) => {
    const response = await fetch(url, options);
    seen.proof = new Headers(options.headers).get('dpop') ?? seen.proof;
    seen.nonces += response.headers.has('dpop-nonce') ? 1 : 0;
    return response;
  };
  return seen;
}

const ping = (token, scheme, proofs) => fetch(MCP_URL, {
  method: 'POST',
  headers: {
    authorization: `${scheme} ${token}`, 'content-type': 'application/json', ...proofs,
    accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25',
  },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
});

async function status(response, expected, challenge) {
  assert.equal(response.status, expected, await response.text());
  assert.match(response.headers.get('www-authenticate') ?? '', challenge);
}

async function person(ok, algorithm) {
  const config = await register({ client_name: `DPoP ${algorithm}`, token_endpoint_auth_method: 'none' }, openid.None());
  const seen = watch(config);
  const DPoP = await holder(config, algorithm);
  const first = await logIn(config, { DPoP });
  assert.equal(first.token_type, 'dpop');
  const { jkt } = payload(first.access_token).cnf;
  assert.equal(jkt, await DPoP.calculateThumbprint());
  assert.equal((await whoami(config, first.access_token, { DPoP })).email, EMAIL);
  const tokens = await openid.refreshTokenGrant(config, first.refresh_token, { resource: MCP_URL }, { DPoP });
  assert.equal(payload(tokens.access_token).cnf.jkt, jkt);
  assert.equal((await whoami(config, tokens.access_token, { DPoP })).email, EMAIL);
  assert.equal(seen.nonces > 0, needsNonce, 'a nonce is told where it is asked for');
  ok(`${algorithm}: bound to its key, refreshed, whoami answers`);

  const DPoPOther = await holder(config, algorithm);
  await refused(whoami(config, tokens.access_token, { DPoP: DPoPOther }), /invalid_token/);
  await refused(openid.refreshTokenGrant(config, tokens.refresh_token, { resource: MCP_URL }, { DPoP: DPoPOther }), /invalid_grant/);
  await refused(openid.refreshTokenGrant(config, tokens.refresh_token, { resource: MCP_URL }), /invalid_dpop_proof|invalid_grant/);
  await whoami(config, tokens.access_token, { DPoP });
  const used = seen.proof;
  await status(await ping(tokens.access_token, 'DPoP', { dpop: used }), 401, /^DPoP .*invalid_dpop_proof/);
  await status(await ping(tokens.access_token, 'DPoP', {}), 401, /^DPoP /);
  await status(await ping(tokens.access_token, 'Bearer', {}), 401, /invalid_token.*DPoP algs="/);
  ok(`${algorithm}: refused with another key, with a proof that was used, without one, and as a bearer token`);
}

/** A code that is for one key alone. */
async function code(ok) {
  const config = await register({ client_name: 'DPoP code', token_endpoint_auth_method: 'none' }, openid.None());
  const DPoP = await holder(config);
  for (const [what, owner] of [['the key it was asked for', DPoP], ['another key', await holder(config)]]) {
    const { parameters, checks } = await request({ dpop_jkt: await DPoP.calculateThumbprint() });
    const back = await visit(openid.buildAuthorizationUrl(config, parameters));
    const grant = openid.authorizationCodeGrant(config, back, checks, { resource: MCP_URL }, { DPoP: owner });
    if (owner === DPoP) assert.equal(payload((await grant).access_token).cnf.jkt, await DPoP.calculateThumbprint());
    else await refused(grant, /invalid_grant/);
    ok(`a code that names a key, redeemed with ${what}: ${owner === DPoP ? 'taken' : 'refused'}`);
  }
}

/** A machine that gets bound tokens only, and proofs that are wrong. */
async function proofs(ok) {
  const made = machine(name, '--scope', SEARCH, '--dpop-bound');
  const config = await given(made.client_id, openid.ClientSecretBasic(made.client_secret));
  const DPoP = await holder(config);
  const { access_token: token } = await openid.clientCredentialsGrant(config, { resource: MCP_URL }, { DPoP });
  assert.equal((await whoami(config, token, { DPoP })).kind, 'machine');
  const read = await openid.tokenIntrospection(config, token);
  assert.deepEqual([read.active, read.token_type, read.cnf], [true, 'DPoP', payload(token).cnf]);
  await refused(openid.clientCredentialsGrant(config, { resource: MCP_URL }), /invalid_dpop_proof/);
  ok('a machine for bound tokens only: gets one, and none without a proof');

  const wrong = {
    'of another method': (_, claims) => { claims.htm = 'GET'; },
    'for another URL': (_, claims) => { claims.htu = 'https://other.example/oauth/token'; },
    'of five minutes ago': (_, claims) => { claims.iat -= 300; },
    'without a jti': (_, claims) => { delete claims.jti; },
    'with the jti of the one before': (_, claims) => { claims.jti = 'always the same'; },
    'of another type': (header) => { header.typ = 'JWT'; },
  };
  for (const [what, change] of Object.entries(wrong)) {
    const bad = await holder(config, 'ES256', change);
    const grant = () => openid.clientCredentialsGrant(config, { resource: MCP_URL }, { DPoP: bad });
    // With a nonce the first proof is answered with one, and its successor has the same jti.
    if (what.endsWith('before') && !needsNonce) await grant();
    if (what.endsWith('before') && needsNonce) await grant().catch(() => {});
    await refused(grant(), /invalid_dpop_proof/);
    ok(`a proof is refused: ${what}`);
  }
}

await proof(name, async (ok) => {
  for (const algorithm of ['ES256', 'ES384', 'Ed25519', 'RS256', 'PS256']) await person(ok, algorithm);
  await code(ok);
  await proofs(ok);
});
