// A bearer token by the shortest standard way (RFC 9728, 8414, 7591, 6749 + 7636, 8707), for the
// proofs whose software only wants to be handed one. Run as a program it prints the token.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { authorize } from './login.mjs';

async function json(url, init) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) });
  const body = await response.text();
  assert.ok(response.ok, `${init?.method ?? 'GET'} ${url} -> ${response.status}: ${body}`);
  return JSON.parse(body);
}

/** Reads where to go from the 401 of the MCP server, as every client does. */
export async function discover(mcpUrl) {
  const refused = await fetch(mcpUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    signal: AbortSignal.timeout(15_000),
  });
  await refused.body?.cancel();
  assert.equal(refused.status, 401, `${mcpUrl} without a token -> ${refused.status}`);
  const challenge = refused.headers.get('www-authenticate') ?? '';
  const [, metadataUrl] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
  assert.ok(metadataUrl, `no resource_metadata in: ${challenge}`);
  const resource = await json(metadataUrl);
  const issuer = resource.authorization_servers[0];
  const server = await json(`${issuer}/.well-known/oauth-authorization-server`);
  return { resource, server, challenge };
}

export function register(server, clientName, redirectUri) {
  return json(server.registration_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: clientName, redirect_uris: [redirectUri], token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
    }),
  });
}

/** The whole flow; `scope` is what is asked for, `scopes` which consent boxes stay ticked. */
export async function obtainToken(mcpUrl, clientName, { scope, scopes = 'offered' } = {}) {
  const redirectUri = 'http://127.0.0.1:18322/callback';
  const { resource, server } = await discover(mcpUrl);
  const client = await register(server, clientName, redirectUri);
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: 'code', client_id: client.client_id, redirect_uri: redirectUri, state,
    scope: scope ?? resource.scopes_supported.join(' '), resource: resource.resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  });
  const { params } = await authorize(url, { scopes });
  assert.equal(params.get('state'), state);
  assert.equal(params.get('iss'), server.issuer);
  assert.ok(params.get('code'), `no code: ${params}`);
  return json(server.token_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'authorization_code', code: params.get('code'), client_id: client.client_id,
      redirect_uri: redirectUri, code_verifier: verifier, resource: resource.resource,
    }),
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { access_token } = await obtainToken(process.argv[2], process.argv[3] ?? 'Token proof');
  console.log(access_token);
}
