// What the proofs with `openid-client` share: discovery, keys, a login, and MCP over its requests.

import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import * as openid from 'openid-client';
import { GATEPOST_URL, MCP_URL } from '../expect.mjs';
import { authorize } from '../login.mjs';

export const REDIRECT = 'http://127.0.0.1:18325/callback';
const server = new URL(GATEPOST_URL);
const options = { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] };

/** A client that an administrator made. */
export function given(clientId, authentication) {
  return openid.discovery(server, clientId, undefined, authentication, options);
}

/** A client that registers itself. */
export function register(metadata, authentication) {
  const all = { redirect_uris: [REDIRECT], grant_types: ['authorization_code', 'refresh_token'], ...metadata };
  return openid.dynamicClientRegistration(server, all, authentication, options);
}

const KINDS = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  Ed25519: { name: 'Ed25519' },
};
export const ALGORITHMS = Object.keys(KINDS);

/** Authentication with a key. */
export function byKey(privateKey, changes) {
  return openid.PrivateKeyJwt(privateKey, changes);
}

/** A key for signing, and the set with its public half. */
export async function key(algorithm, kid = 'first') {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(KINDS[algorithm], true, ['sign', 'verify']);
  const { key_ops, ext, alg, ...jwk } = await crypto.subtle.exportKey('jwk', publicKey);
  return { privateKey: { key: privateKey, kid }, set: { keys: [{ ...jwk, kid }] } };
}

/** A request for a code, with everything that a client checks when the person comes back. */
export async function request(more = {}) {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const parameters = {
    redirect_uri: REDIRECT, scope: 'search:read', resource: MCP_URL, state: expectedState,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256', ...more,
  };
  return { parameters, checks: { pkceCodeVerifier, expectedState } };
}

/** The person's way from an authorization URL to the client's redirect URI, which the URL need not name. */
export async function visit(url) {
  const shown = new URL(url);
  if (!shown.searchParams.has('redirect_uri')) shown.searchParams.set('redirect_uri', REDIRECT);
  return new URL((await authorize(shown)).location);
}

/** A whole login. */
export async function logIn(config, options) {
  const { parameters, checks } = await request();
  const back = await visit(openid.buildAuthorizationUrl(config, parameters));
  return openid.authorizationCodeGrant(config, back, checks, { resource: MCP_URL }, options);
}

/** What `whoami` says to whoever sends this token, by this library's requests. */
export async function whoami(config, token, options) {
  const client = new Client({ name: 'openid-client-proof', version: '1.0.0' });
  const send = (url, { method = 'GET', body, headers, signal }) => openid.fetchProtectedResource(
    config, token, new URL(url), method, body, new Headers(headers), { ...options, signal },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(MCP_URL), { fetch: send }));
  const { structuredContent, isError } = await client.callTool({ name: 'whoami', arguments: {} });
  assert.ok(!isError);
  await client.close();
  return structuredContent;
}

/** It is refused, with this error of OAuth. */
export async function refused(promise, code) {
  const error = await promise.then(() => assert.fail(`not refused: expected ${code}`), (error) => error);
  const said = [];
  for (let at = error; at; at = at.cause ?? at.data?.cause) {
    said.push(at.error, at.error_description, at.code, at.message);
    if (Array.isArray(at.cause)) said.push(JSON.stringify(at.cause)); // a challenge, which hides the body
    if (at.response && !at.response.bodyUsed) said.push(await at.response.text());
  }
  assert.match(said.join('\n'), code);
}
