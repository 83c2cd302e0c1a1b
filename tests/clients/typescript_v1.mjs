// TypeScript SDK v1 (@modelcontextprotocol/sdk): knowing nothing but the MCP URL it discovers,
// registers, logs in, calls both tools, refreshes by rotation, and steps up from a token that lacks
// search:read. It speaks the handshake era only.
//
// Known limit of this SDK, shown here so that a change is noticed: while it holds a refresh token it
// refreshes instead of asking the person, and gives up; without one it steps up.

import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { checkSearch, checkTools, checkWhoami, LEGACY, MCP_URL, proof, spoiled } from './expect.mjs';
import { MemoryProvider } from './provider.mjs';

async function connect(authProvider) {
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client({ name: 'typescript-v1-proof', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider });
    try {
      await client.connect(transport);
      return { client, transport };
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || attempt > 0) throw error;
      await transport.finishAuth(authProvider.visit.params.get('code'));
    }
  }
}

const whoami = (client) => client.callTool({ name: 'whoami', arguments: {} });
const search = (client, query) => client.callTool({ name: 'web_search', arguments: { query } });

await proof('typescript-v1', async (ok) => {
  const provider = new MemoryProvider('TypeScript v1 proof');
  let { client, transport } = await connect(provider);
  assert.equal(transport.protocolVersion, LEGACY);
  assert.deepEqual(provider.visit.pages, ['login', 'consent']);
  assert.match(provider.visit.consent, /TypeScript v1 proof/, 'the consent page names the client');
  assert.match(provider.visit.consent, /127\.0\.0\.1|localhost/, 'the consent page names where the answer goes');
  ok('discovered, registered, logged in, initialized');

  checkTools((await client.listTools()).tools);
  checkWhoami(await whoami(client), { search: true });
  checkSearch(await search(client, 'gate hinges'), 'gate hinges');
  ok('whoami and web_search answer');

  const before = provider.tokens();
  assert.ok(before.refresh_token, 'a refresh token was issued');
  provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
  checkWhoami(await whoami(client), { search: true });
  assert.notEqual(provider.tokens().access_token, before.access_token);
  assert.notEqual(provider.tokens().refresh_token, before.refresh_token);
  assert.equal(provider.visits, 1, 'the refresh needed no person');
  ok('refreshed inside the session, refresh token rotated');
  await transport.terminateSession();
  await client.close();

  const forgetful = new MemoryProvider('TypeScript v1 step-up proof', { keepRefreshToken: false });
  forgetful.scopes = 'none';
  ({ client, transport } = await connect(forgetful));
  checkWhoami(await whoami(client), { search: false });
  forgetful.scopes = 'offered';
  await assert.rejects(search(client, 'latch'), UnauthorizedError);
  assert.equal(forgetful.visits, 2);
  assert.deepEqual(forgetful.visit.pages, ['consent'], 'the session is remembered, the new scope is asked for');
  await transport.finishAuth(forgetful.visit.params.get('code'));
  checkSearch(await search(client, 'latch'), 'latch');
  ok('stepped up to search:read after 403 insufficient_scope');
  await client.close();

  const stuck = new MemoryProvider('TypeScript v1 stuck proof');
  stuck.scopes = 'none';
  ({ client, transport } = await connect(stuck));
  await assert.rejects(search(client, 'latch'), /403 after trying upscoping/);
  assert.equal(stuck.visits, 1);
  ok('with a refresh token this SDK refreshes once and stops, without a loop');
  await client.close();
});
