// mcp-remote, the bridge desktop hosts use for remote servers, with and without era translation. It
// opens a browser (bin/xdg-open) and keeps its tokens on disk, so it is also started a second time
// with a spoiled access token: it must refresh without a person. Then a step-up during a session.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { checkSearch, checkTools, checkWhoami, MCP_URL, proof, spoiled } from './expect.mjs';
import { StandInBrowser } from './stand_in_browser.mjs';

const PROGRAM = fileURLToPath(new URL('./node_modules/mcp-remote/dist/proxy.js', import.meta.url));

/** Runs `steps` against one mcp-remote process; what it wrote on stderr explains a failure. */
async function session(browser, protocol, steps) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [PROGRAM, MCP_URL, '--protocol', protocol, '--transport', 'http-only'],
    env: browser.environment(),
    stderr: 'pipe',
  });
  let spoken = '';
  transport.stderr?.on('data', (chunk) => { spoken += chunk; });
  const client = new Client({ name: 'mcp-remote-proof', version: '1.0.0' });
  try {
    await client.connect(transport, { timeout: 40_000 });
    await steps(client);
  } catch (error) {
    throw new Error(`${error?.stack ?? error}\nmcp-remote said:\n${spoken.slice(-4000)}`);
  } finally {
    await client.close();
  }
}

function tokenFile(browser) {
  const top = browser.environment().MCP_REMOTE_CONFIG_DIR;
  const [inner] = readdirSync(top);
  const name = readdirSync(path.join(top, inner)).find((file) => file.endsWith('_tokens.json'));
  assert.ok(name, 'mcp-remote stored no tokens');
  return path.join(top, inner, name);
}

const whoami = (client) => client.callTool({ name: 'whoami', arguments: {} });
const search = (client, query) => client.callTool({ name: 'web_search', arguments: { query } });

await proof('mcp-remote', async (ok) => {
  for (const protocol of ['legacy', 'auto']) {
    const browser = new StandInBrowser();
    await session(browser, protocol, async (client) => {
      checkTools((await client.listTools()).tools);
      checkWhoami(await whoami(client), { search: true });
      checkSearch(await search(client, `hinges ${protocol}`), `hinges ${protocol}`);
      const [visit, ...more] = await browser.visits(1);
      assert.deepEqual(visit.pages, ['login', 'consent']);
      assert.equal(more.length, 0);
      ok(`${protocol}: discovered, registered, logged in, whoami and web_search answer`);
    });

    const file = tokenFile(browser);
    const stored = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...stored, access_token: spoiled(stored.access_token) }));
    await session(browser, protocol, async (client) => {
      checkWhoami(await whoami(client), { search: true });
    });
    const renewed = JSON.parse(readFileSync(file, 'utf8'));
    assert.ok(renewed.refresh_token && renewed.refresh_token !== stored.refresh_token, 'no rotation');
    assert.equal((await browser.visits(1)).length, 1, 'the refresh needed no person');
    ok(`${protocol}: restarted with a bad token, refreshed, refresh token rotated`);

    const careful = new StandInBrowser('none');
    await session(careful, protocol, async (client) => {
      checkWhoami(await whoami(client), { search: false });
      careful.plan('offered');
      checkSearch(await search(client, 'latch'), 'latch');
      const visits = await careful.visits(2);
      assert.deepEqual(visits.map((visit) => visit.pages), [['login', 'consent'], ['consent']]);
      checkWhoami(await whoami(client), { search: true });
      ok(`${protocol}: stepped up to search:read inside the call`);
    });
  }
}, { seconds: 180 });
