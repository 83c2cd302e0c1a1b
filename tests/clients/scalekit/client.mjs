// TypeScript SDK, from the URL of a server to a call of its tool, and once more with a token that was refreshed.

import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { MCP_URL, proof, spoiled, text } from '../expect.mjs';
import { MemoryProvider } from '../provider.mjs';

async function connect(authProvider) {
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client({ name: 'scalekit-proof', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider });
    try {
      await client.connect(transport);
      return client;
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || attempt > 0) throw error;
      await transport.finishAuth(authProvider.visit.params.get('code'));
    }
  }
}

async function search(client, query) {
  const result = await client.callTool({ name: 'web_search', arguments: { query } });
  assert.ok(text(result).includes(`Stand-in result for ${query}`), JSON.stringify(result));
}

await proof('scalekit-client-typescript', async (ok) => {
  const provider = new MemoryProvider('TypeScript at a ScaleKit server');
  const client = await connect(provider);
  assert.deepEqual(provider.visit.pages, ['login', 'consent']);
  assert.match(provider.visit.params.get('iss'), /\/resources\/res_/);
  await search(client, 'hinges');
  ok('discovered, registered, logged in, web_search answers');
  const before = provider.tokens();
  provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
  await search(client, 'latches');
  assert.notEqual(provider.tokens().refresh_token, before.refresh_token);
  assert.equal(provider.visits, 1, 'the refresh needed no person');
  ok('refreshed');
}, { seconds: 50 });
