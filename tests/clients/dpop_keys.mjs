// TypeScript SDK v2 with a key: it proves the key at the token endpoint and at `/mcp`, at a Gatepost that asks for no
// nonce or (argument `nonce`) at one that asks for it. A person's login with a refresh, and a machine.
//
//   node dpop_keys.mjs [nonce]

import assert from 'node:assert/strict';
import { Client, ClientCredentialsProvider, DpopSession, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { checkSearch, checkTools, checkWhoami, GATEPOST_URL, LEGACY, MCP_URL, MODERN, proof, SEARCH, spoiled } from './expect.mjs';
import { machine } from './gatepost.mjs';
import { MemoryProvider } from './provider.mjs';

const needsNonce = process.argv[2] === 'nonce';
const name = needsNonce ? 'dpop-typescript-nonce' : 'dpop-typescript';
const bound = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).cnf?.jkt;

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
    super({ clientId: made.client_id, clientSecret: made.client_secret, expectedIssuer: GATEPOST_URL });
    this.session = session;
  }

  dpop() {
    return this.session;
  }
}

async function connect(authProvider, mode) {
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client({ name, version: '1.0.0' }, { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider });
    try {
      await client.connect(transport);
      return client;
    } catch (error) {
      if (!authProvider.visit || attempt > 0) throw error;
      await transport.finishAuth(authProvider.visit.params);
    }
  }
}

/** All that an error says; the negotiation wraps what the transport threw. */
function said(error) {
  const lines = [];
  for (let at = error; at; at = at.cause ?? at.data?.cause) lines.push(at.message);
  return lines.join('\n');
}

const search = (client) => client.callTool({ name: 'web_search', arguments: { query: 'hinges' } });
const whoami = (client) => client.callTool({ name: 'whoami', arguments: {} });

async function works(client, provider) {
  const tokens = provider.tokens();
  assert.equal(tokens.token_type.toLowerCase(), 'dpop');
  assert.equal(bound(tokens.access_token), provider.session.thumbprint);
  assert.equal(provider.session.nonceFor(MCP_URL) !== undefined, needsNonce);
  checkTools((await client.listTools()).tools);
  checkSearch(await search(client), 'hinges');
}

/** The 403 that asks for more comes with the scheme DPoP. */
async function stepUp(mode) {
  const provider = new Bound(`DPoP step-up ${mode} proof`, await DpopSession.create());
  provider.scopes = 'none';
  const client = await connect(provider, mode);
  checkWhoami(await whoami(client), { search: false });
  provider.scopes = 'offered';
  await assert.rejects(search(client));
  assert.equal(provider.visits, 2);
  await client.transport.finishAuth(provider.visit.params);
  await works(client, provider);
  await client.close();
}

await proof(name, async (ok) => {
  for (const [mode, version] of [['legacy', LEGACY], ['auto', MODERN]]) {
    for (const alg of ['ES256', 'EdDSA', 'RS256']) {
      const provider = new Bound(`DPoP ${alg} ${mode} proof`, await DpopSession.create({ alg }));
      const client = await connect(provider, mode);
      assert.equal(client.getNegotiatedProtocolVersion(), version);
      await works(client, provider);
      checkWhoami(await whoami(client), { search: true });

      const before = provider.tokens();
      provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
      checkWhoami(await whoami(client), { search: true });
      assert.notEqual(provider.tokens().refresh_token, before.refresh_token);
      assert.equal(provider.visits, 1);
      await works(client, provider);
      ok(`${alg}, ${version}: bound to its key; whoami, web_search, and again after a refresh`);
      await client.close();

      // What a thief of the tokens has: everything but the key.
      const thief = new Bound('Thief', await DpopSession.create({ alg }));
      thief.saveClientInformation(provider.clientInformation());
      thief.saveTokens(provider.tokens());
      thief.redirectToAuthorization = () => { throw new Error('sent to the person'); };
      await assert.rejects(connect(thief, mode), (error) => said(error).includes('sent to the person'));
      assert.equal(thief.tokens(), undefined, 'the SDK found the tokens useless');
      const again = await connect(provider, mode);
      checkWhoami(await whoami(again), { search: true });
      assert.equal(provider.visits, 1, 'the thief ended nothing');
      await again.close();
      ok(`${alg}, ${version}: useless with another key`);
    }

    await stepUp(mode);
    ok(`${version}: stepped up to search:read`);

    const made = machine(`DPoP machine ${mode}`, '--scope', SEARCH, '--dpop-bound');
    const provider = new BoundMachine(made, await DpopSession.create());
    const client = await connect(provider, mode);
    await works(client, provider);
    assert.equal((await whoami(client)).structuredContent.kind, 'machine');
    await client.close();
    const bare = new ClientCredentialsProvider({
      clientId: made.client_id, clientSecret: made.client_secret, expectedIssuer: GATEPOST_URL,
    });
    await assert.rejects(connect(bare, mode));
    assert.equal(bare.tokens(), undefined);
    ok(`a machine, ${version}: bound to its key; gets nothing without`);
  }
});
