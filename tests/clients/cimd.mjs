// Clients whose id is the URL of a document about them, with both TypeScript SDKs: nothing is registered. The document
// is served over https from this machine. From the MCP URL to the tools and a refresh; then a document that is another
// client's, and a redirect URI that the document does not name.

import assert from 'node:assert/strict';
import * as v1 from '@modelcontextprotocol/sdk/client/index.js';
import * as v1Http from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as v2 from '@modelcontextprotocol/client';
import { exportJWK, generateKeyPair } from 'jose';
import { Documents } from './documents.mjs';
import { checkSearch, checkTools, checkWhoami, LEGACY, MCP_URL, MODERN, proof, spoiled } from './expect.mjs';
import { gatepost } from './gatepost.mjs';
import { MemoryProvider } from './provider.mjs';

class Published extends MemoryProvider {
  constructor(name, clientMetadataUrl) {
    super(name);
    this.clientMetadataUrl = clientMetadataUrl;
  }
}

const SDKS = [
  ['v1', undefined, LEGACY],
  ['v2', 'legacy', LEGACY],
  ['v2', 'auto', MODERN],
];

async function connect(sdk, authProvider, mode, send = fetch) {
  const { Client, StreamableHTTPClientTransport } = sdk === 'v1' ? { ...v1, ...v1Http } : v2;
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client({ name: 'cimd-proof', version: '1.0.0' }, mode && { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider, fetch: send });
    try {
      await client.connect(transport);
      return client;
    } catch (error) {
      if (!authProvider.visit || attempt > 0) throw error;
      const { params } = authProvider.visit;
      await transport.finishAuth(sdk === 'v1' ? params.get('code') : params);
    }
  }
}

const whoami = (client) => client.callTool({ name: 'whoami', arguments: {} });
const known = () => gatepost('client', 'list');

/** A document with keys: the client proves itself with one. */
async function withKey(ok, site) {
  const pair = async () => generateKeyPair('ES256', { extractable: true });
  const [own, another] = [await pair(), await pair()];
  const provider = new Published('SDK v2 with a document and a key');
  provider.clientMetadataUrl = site.publish('/with-key/client.json', {
    ...provider.clientMetadata, token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...await exportJWK(own.publicKey), kid: 'first' }] },
  });
  const by = async ({ privateKey }) => v2.createPrivateKeyJwtAuth({
    issuer: provider.clientMetadataUrl, subject: provider.clientMetadataUrl, alg: 'ES256',
    privateKey: await exportJWK(privateKey),
  });
  for (const [what, authentication] of [['another key', await by(another)], ['no key', undefined]]) {
    provider.addClientAuthentication = authentication;
    const answers = [];
    await assert.rejects(connect('v2', provider, 'auto', async (url, init) => {
      const response = await fetch(url, init);
      if (init?.method === 'POST' && !response.ok) answers.push(await response.clone().text());
      return response;
    }));
    assert.match(answers.at(-1), /invalid_client/);
    assert.equal(provider.tokens(), undefined);
    ok(`refused: a client with a document and ${what}`);
  }
  provider.addClientAuthentication = await by(own);
  const client = await connect('v2', provider, 'auto');
  assert.equal(checkWhoami(await whoami(client), { search: true }).client.id, provider.clientMetadataUrl);
  const before = provider.tokens();
  provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
  checkWhoami(await whoami(client), { search: true });
  assert.notEqual(provider.tokens().refresh_token, before.refresh_token);
  await client.close();
  ok('a client with a document and its key: whoami answers, refreshed');
}

await proof('cimd-typescript', async (ok) => {
  const site = await Documents.listen();
  for (const [sdk, mode, version] of SDKS) {
    const name = `SDK ${sdk} with a document`;
    const before = known().length;
    const path = `/${sdk}-${mode}/client.json`;
    const provider = new Published(name);
    provider.clientMetadataUrl = site.publish(path, provider.clientMetadata);
    const client = await connect(sdk, provider, mode);
    assert.deepEqual(provider.visit.pages, ['login', 'consent']);
    assert.ok(provider.visit.consent.includes(name), provider.visit.consent);
    checkTools((await client.listTools()).tools);
    const me = checkWhoami(await whoami(client), { search: true });
    assert.equal(me.client.id, provider.clientMetadataUrl);
    checkSearch(await client.callTool({ name: 'web_search', arguments: { query: 'hinges' } }), 'hinges');
    ok(`${sdk}: its id is the URL of its document, ${version}, whoami and web_search answer`);

    const { refresh_token, ...rest } = provider.tokens();
    provider.saveTokens({ ...rest, refresh_token, access_token: spoiled(rest.access_token) });
    checkWhoami(await whoami(client), { search: true });
    assert.notEqual(provider.tokens().refresh_token, refresh_token);
    assert.equal(provider.visits, 1);
    const rows = known().filter((row) => row.client_id === provider.clientMetadataUrl);
    assert.deepEqual(rows.map((row) => row.kind), ['cimd']);
    assert.equal(known().length, before + 1, 'nothing else was registered');
    assert.ok(site.asked.get(path) >= 1);
    ok(`${sdk}: refreshed; nothing was registered, the client is known by its URL`);
    await client.close();
  }

  await withKey(ok, site);

  const refusals = [
    ['a document of another client', { client_id: 'https://other.example/client.json' }, /another client_id/],
    ['a redirect URI that the document does not name', { redirect_uris: ['http://127.0.0.1/elsewhere'] }, /redirect/i],
  ];
  for (const [what, changes, why] of refusals) {
    const provider = new Published(what);
    const path = `/${encodeURIComponent(what)}.json`;
    provider.clientMetadataUrl = site.publish(path, { ...provider.clientMetadata, ...changes });
    await assert.rejects(connect('v2', provider, 'legacy'), why);
    assert.equal(provider.tokens(), undefined);
    assert.equal(known().filter((row) => row.client_id === provider.clientMetadataUrl).length, 0);
    ok(`refused: ${what}`);
  }
});
