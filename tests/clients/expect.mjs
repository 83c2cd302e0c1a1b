// What the tools must answer, said once for all JavaScript clients, and how a proof reports itself.

import assert from 'node:assert/strict';

export const GATEPOST_URL = required('GATEPOST_URL').replace(/\/$/, '');
export const MCP_URL = process.env.GATEPOST_MCP_URL ?? `${GATEPOST_URL}/mcp`;
export const EMAIL = required('GATEPOST_TEST_EMAIL');
export const SEARCH = 'search:read';
export const MODERN = '2026-07-28';
export const LEGACY = '2025-11-25';

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}`);
  return value;
}

/** Runs one proof: prints a line per step, ends the process with 0 or 1, never hangs. */
export async function proof(name, steps, { seconds = 90 } = {}) {
  const watchdog = setTimeout(() => {
    console.error(`not ok - ${name}: no end after ${seconds} s`);
    process.exit(1);
  }, seconds * 1000);
  try {
    await steps((line) => console.log(`ok - ${name}: ${line}`));
    clearTimeout(watchdog);
    process.exit(0);
  } catch (error) {
    console.error(`not ok - ${name}: ${error?.stack ?? error}`);
    process.exit(1);
  }
}

/** `whoami` says who the token belongs to: the person who logged in, this client, these scopes. */
export function checkWhoami(result, { search }) {
  assert.ok(!result.isError, `whoami failed: ${JSON.stringify(result)}`);
  const me = result.structuredContent;
  assert.ok(me, `whoami has no structured result: ${JSON.stringify(result)}`);
  assert.match(String(me.subject ?? ''), /^[A-Za-z0-9_-]{6,}$/, `subject: ${JSON.stringify(me)}`);
  assert.equal(me.email, EMAIL, `email: ${JSON.stringify(me)}`);
  assert.ok(me.client?.id, `client: ${JSON.stringify(me)}`);
  assert.equal(me.resource, MCP_URL, `resource: ${JSON.stringify(me)}`);
  assert.ok(Array.isArray(me.scopes), `scopes: ${JSON.stringify(me)}`);
  assert.equal(me.scopes.includes(SEARCH), search, `scopes: ${JSON.stringify(me)}`);
  assert.ok(text(result).includes(EMAIL), `whoami says nothing in words: ${text(result)}`);
  return me;
}

/** `web_search` hands through what the stand-in found, as data and as words. */
export function checkSearch(result, query) {
  assert.ok(!result.isError, `web_search failed: ${text(result)}`);
  const found = result.structuredContent?.results?.[0];
  assert.equal(found?.title, `Stand-in result for ${query}`, JSON.stringify(result));
  assert.equal(found?.url, 'https://example.com/stand-in', JSON.stringify(result));
  assert.ok(text(result).includes('https://example.com/stand-in'), `no address in the words: ${text(result)}`);
}

/** Everyone with a token sees all three tools; those not yet granted answer with the step-up. */
export function checkTools(tools) {
  const names = tools.map((tool) => tool.name).sort();
  assert.deepEqual(names, ['web_extract', 'web_search', 'whoami']);
}

export function text(result) {
  return (result.content ?? []).filter((part) => part.type === 'text').map((part) => part.text).join('\n');
}

/** The same token with a broken signature: the server must say invalid_token, the client must refresh. */
export function spoiled(token) {
  return `${token.slice(0, -8)}${token.endsWith('AAAAAAAA') ? 'BBBBBBBB' : 'AAAAAAAA'}`;
}
