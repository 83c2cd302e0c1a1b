// TypeScript SDK v2 (@modelcontextprotocol/client), in all three ways it can negotiate: the handshake
// era, automatic, and pinned to 2026-07-28. Each starts from nothing but the MCP URL; it compares the
// issuer byte for byte and checks the `iss` parameter before it redeems a code. Then refresh by
// rotation and step-up to search:read, which this SDK does by itself up to the browser visit.

import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { checkSearch, checkTools, checkWhoami, LEGACY, MCP_URL, MODERN, proof, spoiled } from './expect.mjs';
import { MemoryProvider } from './provider.mjs';

async function connect(authProvider, mode) {
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client({ name: 'typescript-v2-proof', version: '1.0.0' }, { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider });
    try {
      await client.connect(transport);
      return { client, transport };
    } catch (error) {
      if (!isUnauthorized(error) || attempt > 0) throw error;
      await transport.finishAuth(authProvider.visit.params);
    }
  }
}

/** The negotiation probe wraps what the transport threw. */
function isUnauthorized(error) {
  for (let at = error; at; at = at.cause ?? at.data?.cause) {
    if (at instanceof UnauthorizedError) return true;
  }
  return false;
}

const whoami = (client) => client.callTool({ name: 'whoami', arguments: {} });
const search = (client, query) => client.callTool({ name: 'web_search', arguments: { query } });

await proof('typescript-v2', async (ok) => {
  const eras = [
    ['legacy', 'legacy', LEGACY],
    ['auto', 'auto', MODERN],
    ['pinned', { pin: MODERN }, MODERN],
  ];
  for (const [name, mode, version] of eras) {
    const provider = new MemoryProvider(`TypeScript v2 ${name} proof`);
    const { client } = await connect(provider, mode);
    assert.equal(client.getNegotiatedProtocolVersion(), version);
    assert.ok(provider.visit.params.get('iss'), 'the authorization response carries iss');
    checkTools((await client.listTools()).tools);
    checkWhoami(await whoami(client), { search: true });
    checkSearch(await search(client, `hinges ${name}`), `hinges ${name}`);
    ok(`${name}: discovered, registered, logged in, ${version}, whoami and web_search answer`);

    const before = provider.tokens();
    provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
    checkWhoami(await whoami(client), { search: true });
    assert.notEqual(provider.tokens().refresh_token, before.refresh_token);
    assert.equal(provider.visits, 1);
    ok(`${name}: refreshed, refresh token rotated, no person needed`);
    await client.close();

    const narrow = new MemoryProvider(`TypeScript v2 ${name} step-up proof`);
    narrow.scopes = 'none';
    const second = await connect(narrow, mode);
    checkWhoami(await whoami(second.client), { search: false });
    narrow.scopes = 'offered';
    await assert.rejects(search(second.client, 'latch'), isUnauthorized);
    assert.equal(narrow.visits, 2, 'a refresh token does not stop this SDK from asking the person');
    await second.transport.finishAuth(narrow.visit.params);
    checkSearch(await search(second.client, 'latch'), 'latch');
    checkWhoami(await whoami(second.client), { search: true });
    ok(`${name}: stepped up to search:read`);
    await second.client.close();
  }
});
