// Clients that act for themselves, with the providers that the TypeScript SDKs bring for them: a secret, and a key of
// the client's own. From the 401 of the MCP server by discovery to a token and the tools; nobody is at a browser.
//
//   node machines.mjs v1|v2

import assert from 'node:assert/strict';
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { importJWK, SignJWT } from 'jose';
import { checkSearch, checkTools, GATEPOST_URL, LEGACY, MCP_URL, MODERN, proof, SEARCH, spoiled } from './expect.mjs';
import { gatepost, machine } from './gatepost.mjs';

const era = process.argv[2];
const sdk = era === 'v1'
  ? {
    ...await import('@modelcontextprotocol/sdk/client/index.js'),
    ...await import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
    ...await import('@modelcontextprotocol/sdk/client/auth-extensions.js'),
  }
  : await import('@modelcontextprotocol/client');
const name = `machines-typescript-${era}`;
const modes = era === 'v1' ? [[undefined, LEGACY]] : [['legacy', LEGACY], ['auto', MODERN]];

const pair = promisify(generateKeyPair);
const KINDS = {
  RS256: () => pair('rsa', { modulusLength: 2048 }),
  ES256: () => pair('ec', { namedCurve: 'P-256' }),
  EdDSA: () => pair('ed25519'),
};

async function key(algorithm) {
  const { publicKey, privateKey } = await KINDS[algorithm]();
  return {
    set: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'first', use: 'sig' }] }),
    jwk: privateKey.export({ format: 'jwk' }),
  };
}

/** An assertion that was signed by somebody else than the SDK. */
async function assertion(jwk, alg, clientId, audience) {
  return new SignJWT().setProtectedHeader({ alg }).setIssuer(clientId).setSubject(clientId).setAudience(audience)
    .setJti(crypto.randomUUID()).setIssuedAt().setExpirationTime('2m').sign(await importJWK(jwk, alg));
}

async function connect(authProvider, mode) {
  const client = new sdk.Client({ name, version: '1.0.0' }, mode && { versionNegotiation: { mode } });
  await client.connect(new sdk.StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider }));
  return client;
}

/** Both tools and, if it `renews`, a new token when the old one is no good any more: machines get no refresh token. */
async function works(provider, id, mode, version, { renews = true } = {}) {
  const client = await connect(provider, mode);
  if (mode) assert.equal(client.getNegotiatedProtocolVersion(), version);
  checkTools((await client.listTools()).tools);
  await isMachine(client, id);
  checkSearch(await client.callTool({ name: 'web_search', arguments: { query: 'hinges' } }), 'hinges');
  if (renews) await renew(client, provider, id);
  await client.close();
}

async function renew(client, provider, id) {
  const before = provider.tokens();
  assert.equal(before.refresh_token, undefined);
  provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
  await isMachine(client, id);
  assert.notEqual(provider.tokens().access_token, before.access_token);
}

async function isMachine(client, id) {
  const { structuredContent: me, isError } = await client.callTool({ name: 'whoami', arguments: {} });
  assert.ok(!isError);
  assert.equal(me.kind, 'machine', JSON.stringify(me));
  assert.equal(me.client.id, id, JSON.stringify(me));
  assert.equal(me.email, undefined, JSON.stringify(me));
  assert.equal(me.resource, MCP_URL, JSON.stringify(me));
  assert.ok(me.scopes.includes(SEARCH), JSON.stringify(me));
}

/** What the SDK says when the token endpoint answers `code`. */
async function refused(provider, code) {
  await assert.rejects(connect(provider, modes.at(-1)[0]), (error) => {
    const said = [];
    for (let at = error; at; at = at.cause ?? at.data?.cause) said.push(`${at.code} ${at.errorCode} ${at.message}`);
    assert.match(said.join('\n'), code);
    return true;
  });
  assert.equal(provider.tokens(), undefined);
}

await proof(name, async (ok) => {
  const expectedIssuer = GATEPOST_URL;
  for (const [mode, version] of modes) {
    const made = machine(`${name} with a secret`, '--scope', SEARCH);
    const options = { clientId: made.client_id, clientSecret: made.client_secret, expectedIssuer };
    await works(new sdk.ClientCredentialsProvider(options), made.client_id, mode, version);
    ok(`client_secret_basic, ${version}: discovered, whoami and web_search answer, a bad token is replaced`);
  }
  const secret = machine(`${name} with another's secret`);
  const wrong = { clientId: secret.client_id, clientSecret: 'gps_of_somebody_else', expectedIssuer };
  await refused(new sdk.ClientCredentialsProvider(wrong), /invalid_client/);
  const url = `http://localhost/notes-${era}`;
  gatepost('resource', 'add', '--name', `Notes ${era}`, '--url', url, '--scope', 'notes:read=Read notes');
  const other = machine(`${name} for other things`, '--scope', 'notes:read');
  const more = { clientId: other.client_id, clientSecret: other.client_secret, scope: SEARCH, expectedIssuer };
  await refused(new sdk.ClientCredentialsProvider(more), /invalid_scope/);
  ok('refused: another secret, a scope that the machine may not have');

  const method = ['--auth-method', 'private_key_jwt', '--scope', SEARCH];
  for (const algorithm of Object.keys(KINDS)) {
    const own = await key(algorithm);
    const clientId = machine(`${name} with a key for ${algorithm}`, ...method, '--keys', own.set).client_id;
    const options = { clientId, privateKey: own.jwk, algorithm, expectedIssuer };
    for (const [mode, version] of modes) {
      await works(new sdk.PrivateKeyJwtProvider(options), clientId, mode, version);
    }
    await refused(new sdk.PrivateKeyJwtProvider({ ...options, privateKey: (await key(algorithm)).jwk }), /invalid_client/);
    ok(`private_key_jwt ${algorithm}: whoami and web_search answer; another key is refused`);

    const once = { clientId, jwtBearerAssertion: await assertion(own.jwk, algorithm, clientId, GATEPOST_URL), expectedIssuer };
    await works(new sdk.StaticPrivateKeyJwtProvider(once), clientId, ...modes.at(-1), { renews: false });
    await refused(new sdk.StaticPrivateKeyJwtProvider(once), /invalid_client/);
    const elsewhere = await assertion(own.jwk, algorithm, clientId, 'https://other.example');
    await refused(new sdk.StaticPrivateKeyJwtProvider({ ...once, jwtBearerAssertion: elsewhere }), /invalid_client/);
    ok(`an assertion made before, ${algorithm}: works once; refused when it is for another server`);
  }
});
