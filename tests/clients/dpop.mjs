// Tokens that are bound to a key (DPoP, RFC 9449), with two clients that were not written for this server: the
// TypeScript SDK v2, from discovery to tools, and oauth4webapi, which checks every answer it gets. At a Gatepost that
// asks for no nonce or (argument `nonce`) at one that wants it in every proof.
//
//   node dpop.mjs [nonce]

import assert from 'node:assert/strict';
import {
  Client, ClientCredentialsProvider, DpopSession, StreamableHTTPClientTransport, UnauthorizedError,
} from '@modelcontextprotocol/client';
import * as oauth from 'oauth4webapi';
import { checkSearch, checkTools, checkWhoami, GATEPOST_URL, LEGACY, MCP_URL, MODERN, proof, SEARCH, spoiled } from './expect.mjs';
import { machine } from './gatepost.mjs';
import { authorize } from './login.mjs';
import { MemoryProvider } from './provider.mjs';

const wantsNonce = process.argv[2] === 'nonce';
const name = wantsNonce ? 'dpop-nonce' : 'dpop';
const ERAS = [['legacy', 'legacy', LEGACY], ['auto', 'auto', MODERN], ['pinned', { pin: MODERN }, MODERN]];
const keyOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).cnf?.jkt;

/** The SDK's provider, with a key of its own. */
class Bound extends MemoryProvider {
  constructor(clientName, session) {
    super(clientName);
    this.session = session;
  }

  dpop() {
    return this.session;
  }
}

class BoundMachine extends ClientCredentialsProvider {
  constructor(made, session) {
    super(credentials(made));
    this.session = session;
  }

  dpop() {
    return this.session;
  }
}

const credentials = (made) => (
  { clientId: made.client_id, clientSecret: made.client_secret, expectedIssuer: GATEPOST_URL }
);

async function connect(authProvider, mode) {
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client({ name, version: '1.0.0' }, { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider });
    try {
      await client.connect(transport);
      return client;
    } catch (error) {
      if (!isUnauthorized(error) || !authProvider.visit || attempt > 0) throw error;
      await transport.finishAuth(authProvider.visit.params);
    }
  }
}

/** An error and what caused it; the negotiation wraps what the transport threw. */
function* causes(error) {
  for (let at = error; at; at = at.cause ?? at.data?.cause) yield at;
}

const isUnauthorized = (error) => [...causes(error)].some((at) => at instanceof UnauthorizedError);
const said = (error) => [...causes(error)].map((at) => at.message).join('\n');

const search = (client, query) => client.callTool({ name: 'web_search', arguments: { query } });

async function whoami(client, options) {
  const result = await client.callTool({ name: 'whoami', arguments: {} });
  assert.equal(result.structuredContent.bound_to_key, true, JSON.stringify(result));
  return options ? checkWhoami(result, options) : result.structuredContent;
}

/** The token is bound to this key, and opens the tools. */
async function works(client, provider, query) {
  const tokens = provider.tokens();
  assert.equal(tokens.token_type, 'DPoP');
  assert.equal(keyOf(tokens.access_token), provider.session.thumbprint);
  assert.equal(provider.session.nonceFor(MCP_URL) !== undefined, wantsNonce);
  checkTools((await client.listTools()).tools);
  checkSearch(await search(client, query), query);
}

async function refreshes(client, provider) {
  const before = provider.tokens();
  provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
  await whoami(client, { search: true });
  assert.notEqual(provider.tokens().refresh_token, before.refresh_token);
  assert.equal(provider.visits, 1, 'no person needed');
}

/** A request by hand. */
async function status(headers) {
  const answer = await fetch(MCP_URL, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  });
  await answer.body?.cancel();
  return { status: answer.status, challenge: answer.headers.get('www-authenticate') };
}

/** Neither the token alone nor a proof that was shown opens anything. */
async function stolen(provider) {
  const { access_token: token } = provider.tokens();
  const bare = await status({ authorization: `Bearer ${token}` });
  assert.equal(bare.status, 401);
  assert.match(bare.challenge, /^Bearer error="invalid_token".*, DPoP algs="ES256 /);
  const used = await provider.session.buildProof({ htm: 'POST', htu: new URL(MCP_URL), accessToken: token });
  const shown = { authorization: `DPoP ${token}`, dpop: used };
  assert.notEqual((await status(shown)).status, 401);
  assert.match((await status(shown)).challenge, /^DPoP error="invalid_dpop_proof"/);
}

/** What a thief of the tokens has: everything but the key. */
async function withAnotherKey(provider, alg, mode) {
  const thief = new Bound('Thief', await DpopSession.create({ alg }));
  thief.saveClientInformation(provider.clientInformation());
  thief.saveTokens(provider.tokens());
  thief.redirectToAuthorization = () => { throw new Error('sent to the person'); };
  await assert.rejects(connect(thief, mode), (error) => said(error).includes('sent to the person'));
  assert.equal(thief.tokens(), undefined, 'the SDK found the tokens useless');
  const again = await connect(provider, mode);
  await whoami(again, { search: true });
  assert.equal(provider.visits, 1, 'the thief ended nothing');
  await again.close();
}

/** The 403 that asks for more comes with the scheme DPoP. */
async function stepsUp(era, mode) {
  const provider = new Bound(`DPoP step-up ${era} proof`, await DpopSession.create());
  provider.scopes = 'none';
  const client = await connect(provider, mode);
  await whoami(client, { search: false });
  provider.scopes = 'offered';
  await assert.rejects(search(client, 'latch'), isUnauthorized);
  assert.equal(provider.visits, 2);
  await client.transport.finishAuth(provider.visit.params);
  await works(client, provider, 'latch');
  await client.close();
}

async function aMachine(era, mode) {
  const made = machine(`DPoP machine ${era}`, '--scope', SEARCH, '--dpop-bound');
  const provider = new BoundMachine(made, await DpopSession.create());
  const client = await connect(provider, mode);
  await works(client, provider, 'hinges');
  assert.equal((await whoami(client)).kind, 'machine');
  await client.close();
  const bare = new ClientCredentialsProvider(credentials(made));
  await assert.rejects(connect(bare, mode));
  assert.equal(bare.tokens(), undefined);
}

async function typescript(ok) {
  for (const [era, mode, version] of ERAS) {
    for (const alg of era === 'pinned' ? ['ES256'] : ['ES256', 'EdDSA', 'RS256']) {
      const provider = new Bound(`DPoP ${alg} ${era} proof`, await DpopSession.create({ alg }));
      const client = await connect(provider, mode);
      assert.equal(client.getNegotiatedProtocolVersion(), version);
      await works(client, provider, `hinges ${era}`);
      await whoami(client, { search: true });
      await refreshes(client, provider);
      await works(client, provider, 'hinges');
      ok(`SDK, ${alg}, ${era}: bound to its key; whoami, web_search, and again after a refresh`);
      await client.close();

      await stolen(provider);
      await withAnotherKey(provider, alg, mode);
      ok(`SDK, ${alg}, ${era}: useless without a proof, with a used one, and with another key`);
    }
    await stepsUp(era, mode);
    ok(`SDK, ${era}: stepped up to search:read`);
    if (process.env.GATEPOST_CLI) {
      await aMachine(era, mode);
      ok(`SDK, a machine, ${era}: bound to its key; gets nothing without`);
    }
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

async function library(ok, alg) {
  const issuer = new URL(GATEPOST_URL);
  const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' });
  const as = await oauth.processDiscoveryResponse(issuer, found);
  assert.ok(as.dpop_signing_alg_values_supported.includes(alg), String(as.dpop_signing_alg_values_supported));
  const described = await oauth.resourceDiscoveryRequest(new URL(MCP_URL), insecure);
  const resource = await oauth.processResourceDiscoveryResponse(new URL(MCP_URL), described);
  assert.ok(resource.dpop_signing_alg_values_supported.includes(alg));

  const redirectUri = 'http://127.0.0.1:18322/callback';
  const registered = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(as, {
      client_name: `DPoP ${alg} library proof`, redirect_uris: [redirectUri],
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
    response_type: 'code', client_id: client.client_id, redirect_uri: redirectUri, state: 'state-1', resource: MCP_URL,
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
  ok(`oauth4webapi, ${alg}: the code is for the key that was named, nonce ${asked ? 'asked for' : 'not asked for'}`);

  const ask = (target, method, body, headers) => oauth.protectedResourceRequest(
    tokens.access_token, method, new URL(target), new Headers(headers), body, options,
  );
  const me = await again(async () => oauth.processUserInfoResponse(
    as, client, oauth.skipSubjectCheck,
    await oauth.userInfoRequest(as, client, tokens.access_token, options),
  ));
  assert.ok(me.answer.sub && me.answer.email);
  const call = await again(() => ask(MCP_URL, 'POST', JSON.stringify({
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
  ok(`oauth4webapi, ${alg}: userinfo and a tool answer`);

  const refresh = (more) => oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, more)
    .then((answer) => oauth.processRefreshTokenResponse(as, client, answer));
  await assert.rejects(refresh(insecure), { error: 'invalid_dpop_proof' });
  await assert.rejects(again(() => refresh({ ...insecure, DPoP: other })), { error: 'invalid_grant' });
  const next = await refresh(options);
  assert.equal(next.token_type, 'dpop');
  assert.notEqual(next.refresh_token, tokens.refresh_token);
  ok(`oauth4webapi, ${alg}: the refresh token is for its key alone`);
}

await proof(name, async (ok) => {
  await typescript(ok);
  for (const alg of ['ES256', 'Ed25519', 'PS256', 'RS256']) await library(ok, alg);
}, { seconds: 150 });
