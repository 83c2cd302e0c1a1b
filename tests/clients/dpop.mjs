// Tokens that are bound to a key (DPoP, RFC 9449), with two clients that were not written for this server: the
// TypeScript SDK v2, from discovery to tools, and oauth4webapi, which checks every answer it gets. Both against a
// server without and one with a nonce in every proof.

import assert from 'node:assert/strict';
import { Client, DpopSession, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import * as oauth from 'oauth4webapi';
import { checkSearch, checkWhoami, GATEPOST_URL, MODERN, proof, spoiled } from './expect.mjs';
import { authorize } from './login.mjs';
import { MemoryProvider } from './provider.mjs';

/** The SDK's provider, with a key of its own. */
class BoundProvider extends MemoryProvider {
  #session;

  async dpop() {
    this.#session ??= await DpopSession.create();
    return this.#session;
  }
}

async function connect(mcpUrl, authProvider, mode) {
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client({ name: 'dpop-proof', version: '1.0.0' }, { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider });
    try {
      await client.connect(transport);
      return { client, transport };
    } catch (error) {
      if (!isUnauthorized(error) || attempt > 0) throw error;
      await transport.finishAuth(authProvider.visit.params);
    }
  }
}

function isUnauthorized(error) {
  for (let at = error; at; at = at.cause ?? at.data?.cause) {
    if (at instanceof UnauthorizedError) return true;
  }
  return false;
}

const whoami = (client) => client.callTool({ name: 'whoami', arguments: {} });
const search = (client, query) => client.callTool({ name: 'web_search', arguments: { query } });

/** A call of `whoami` by hand; the status. */
async function status(mcpUrl, headers) {
  const answer = await fetch(mcpUrl, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  });
  await answer.body?.cancel();
  return { status: answer.status, challenge: answer.headers.get('www-authenticate') };
}

function checkBound(result, mcpUrl, options) {
  const me = mcpUrl.startsWith(GATEPOST_URL) ? checkWhoami(result, options) : result.structuredContent;
  assert.equal(me.bound_to_key, true, JSON.stringify(me));
}

async function typescript(ok, name, base) {
  const mcpUrl = `${base}/mcp`;
  for (const mode of ['legacy', { pin: MODERN }]) {
    const era = mode === 'legacy' ? 'legacy' : 'modern';
    const provider = new BoundProvider(`DPoP ${name} ${era} proof`);
    const { client } = await connect(mcpUrl, provider, mode);
    checkBound(await whoami(client), mcpUrl, { search: true });
    checkSearch(await search(client, `hinges ${era}`), `hinges ${era}`);
    assert.equal(provider.tokens().token_type, 'DPoP');
    ok(`${name}, SDK, ${era}: logged in, token bound, whoami and web_search answer`);

    const { access_token: token } = provider.tokens();
    const stolen = await status(mcpUrl, { authorization: `Bearer ${token}` });
    assert.equal(stolen.status, 401);
    assert.match(stolen.challenge, /^Bearer error="invalid_token".*, DPoP algs="ES256 /);
    const session = await provider.dpop();
    const used = await session.buildProof({ htm: 'POST', htu: new URL(mcpUrl), accessToken: token });
    const shown = { authorization: `DPoP ${token}`, dpop: used };
    assert.notEqual((await status(mcpUrl, shown)).status, 401);
    assert.match((await status(mcpUrl, shown)).challenge, /^DPoP error="invalid_dpop_proof"/);
    ok(`${name}, SDK, ${era}: neither the token alone nor a used proof opens anything`);

    const before = provider.tokens();
    provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
    checkBound(await whoami(client), mcpUrl, { search: true });
    assert.notEqual(provider.tokens().refresh_token, before.refresh_token);
    assert.equal(provider.visits, 1);
    ok(`${name}, SDK, ${era}: refreshed with a proof, no person needed`);
    await client.close();

    const narrow = new BoundProvider(`DPoP ${name} ${era} step-up proof`);
    narrow.scopes = 'none';
    const second = await connect(mcpUrl, narrow, mode);
    checkBound(await whoami(second.client), mcpUrl, { search: false });
    narrow.scopes = 'offered';
    await assert.rejects(search(second.client, 'latch'), isUnauthorized);
    await second.transport.finishAuth(narrow.visit.params);
    checkSearch(await search(second.client, 'latch'), 'latch');
    ok(`${name}, SDK, ${era}: stepped up to search:read`);
    await second.client.close();
  }
}

const insecure = { [oauth.allowInsecureRequests]: true };

/** Once more where the server asks for a nonce, which the handle has kept by then. */
async function again(request) {
  try {
    return { answer: await request(), asked: false };
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return { answer: await request(), asked: true };
  }
}

async function library(ok, name, base, alg, wantsNonce) {
  const mcpUrl = `${base}/mcp`;
  const found = await oauth.discoveryRequest(new URL(base), { ...insecure, algorithm: 'oauth2' });
  const as = await oauth.processDiscoveryResponse(new URL(base), found);
  assert.ok(as.dpop_signing_alg_values_supported.includes(alg), String(as.dpop_signing_alg_values_supported));
  const described = await oauth.resourceDiscoveryRequest(new URL(mcpUrl), insecure);
  const resource = await oauth.processResourceDiscoveryResponse(new URL(mcpUrl), described);
  assert.ok(resource.dpop_signing_alg_values_supported.includes(alg));

  const redirectUri = 'http://127.0.0.1:18322/callback';
  const registered = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(as, {
      client_name: `DPoP ${name} ${alg} library proof`, redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true,
    }, insecure),
  );
  assert.equal(registered.dpop_bound_access_tokens, true);
  const client = { client_id: registered.client_id };
  const keys = await oauth.generateKeyPair(alg);
  const DPoP = oauth.DPoP(client, keys);
  const options = { ...insecure, DPoP };

  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: 'code', client_id: client.client_id, redirect_uri: redirectUri, state: 'state-1', resource: mcpUrl,
    scope: 'openid email search:read', code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256', dpop_jkt: await DPoP.calculateThumbprint(),
  });
  const visit = await authorize(url);
  const params = oauth.validateAuthResponse(as, client, visit.params, 'state-1');
  const redeem = (more) => oauth.authorizationCodeGrantRequest(
    as, client, oauth.None(), params, redirectUri, verifier, more,
  ).then((answer) => oauth.processAuthorizationCodeResponse(as, client, answer));
  await assert.rejects(redeem(insecure), { error: 'invalid_dpop_proof' });
  const other = oauth.DPoP(client, await oauth.generateKeyPair(alg));
  await assert.rejects(again(() => redeem({ ...insecure, DPoP: other })), { error: 'invalid_grant' });
  const { answer: tokens, asked } = await again(() => redeem(options));
  assert.equal(asked, wantsNonce);
  assert.equal(tokens.token_type, 'dpop');
  ok(`${name}, oauth4webapi, ${alg}: the code is for the key that was named, nonce ${asked ? 'asked for' : 'not asked for'}`);

  const ask = (target, method, body, headers) => oauth.protectedResourceRequest(
    tokens.access_token, method, new URL(target), new Headers(headers), body, options,
  );
  const me = await again(async () => oauth.processUserInfoResponse(
    as, client, oauth.skipSubjectCheck,
    await oauth.userInfoRequest(as, client, tokens.access_token, options),
  ));
  assert.ok(me.answer.sub && me.answer.email);
  const call = await again(() => ask(mcpUrl, 'POST', JSON.stringify({
    jsonrpc: '2.0', id: 1, method: 'tools/call', params: {
      name: 'whoami', arguments: {}, _meta: {
        'io.modelcontextprotocol/protocolVersion': MODERN, 'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  }), {
    accept: 'application/json, text/event-stream', 'content-type': 'application/json',
    'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'whoami',
  }));
  assert.equal((await call.answer.json()).result.structuredContent.bound_to_key, true);
  assert.ok(!me.asked && !call.asked, 'the nonce of the token endpoint is good here as well');
  ok(`${name}, oauth4webapi, ${alg}: userinfo and a tool answer`);

  const refresh = (more) => oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, more)
    .then((answer) => oauth.processRefreshTokenResponse(as, client, answer));
  await assert.rejects(refresh(insecure), { error: 'invalid_dpop_proof' });
  await assert.rejects(again(() => refresh({ ...insecure, DPoP: other })), { error: 'invalid_grant' });
  const next = await refresh(options);
  assert.equal(next.token_type, 'dpop');
  assert.notEqual(next.refresh_token, tokens.refresh_token);
  ok(`${name}, oauth4webapi, ${alg}: the refresh token is for its key alone`);
}

await proof('dpop', async (ok) => {
  const servers = [['no nonce', GATEPOST_URL, false]];
  if (process.env.DPOP_NONCE_URL) servers.push(['nonce', process.env.DPOP_NONCE_URL, true]);
  for (const [name, base, wantsNonce] of servers) {
    await typescript(ok, name, base);
    for (const alg of ['ES256', 'Ed25519', 'PS256', 'RS256']) await library(ok, name, base, alg, wantsNonce);
  }
}, { seconds: 150 });
