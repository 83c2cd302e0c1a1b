// What a person reads when the search service fails: every documented Tavily error, a timeout-length
// delay that still succeeds, an answer that is no JSON, and no results. Each must be a tool error in
// words that fit, never a protocol error; only 429 and 5xx may be tried again, and only a few times.
//
// TAVILY_STAND_IN_URL is the stand-in the server under test was started with.

import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { checkSearch, MCP_URL, proof, text } from './expect.mjs';
import { obtainToken } from './token.mjs';

const STAND_IN = process.env.TAVILY_STAND_IN_URL;
assert.ok(STAND_IN, 'set TAVILY_STAND_IN_URL');
const MOST_TRIES = 5;

// Query, what the words must speak of, and whether it may be tried again.
const FAILURES = [
  ['error 400', /reject|invalid|refus|bad|400/i, false],
  ['error 401', /key|401/i, false],
  ['error 429', /rate|many|later|429/i, true],
  ['error 432', /plan|usage|limit|quota|432/i, false],
  ['error 433', /pay-as-you-go|limit|433/i, false],
  ['error 500', /unavailable|failed|later|500|problem|error/i, true],
  ['error 502', /unavailable|failed|later|502|problem|error/i, true],
  ['garbage', /understood|unexpected|invalid|read|answer|JSON/i, false],
];

async function arrived(query) {
  const calls = await (await fetch(`${STAND_IN}/calls`)).json();
  return calls[query] ?? 0;
}

await proof('tavily-errors', async (ok) => {
  const { access_token } = await obtainToken(MCP_URL, 'Tavily errors proof');
  const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), {
    requestInit: { headers: { authorization: `Bearer ${access_token}` } },
  });
  const client = new Client({ name: 'tavily-errors-proof', version: '1.0.0' });
  await client.connect(transport);
  const call = (name, args) => client.callTool({ name, arguments: args }, { timeout: 60_000 });

  const heard = new Set();
  for (const [words, meaning, again] of FAILURES) {
    const query = `${words} ${crypto.randomUUID()}`;
    const result = await call('web_search', { query });
    assert.equal(result.isError, true, `${words}: ${JSON.stringify(result)}`);
    assert.match(text(result), meaning, words);
    assert.ok(!text(result).includes('tvly-'), `${words}: the key leaks: ${text(result)}`);
    const tries = await arrived(query);
    if (again) assert.ok(tries > 1 && tries <= MOST_TRIES, `${words}: ${tries} tries`);
    else assert.equal(tries, 1, `${words}: ${tries} tries`);
    if (words !== 'error 502') {
      assert.ok(!heard.has(text(result)), `${words}: same words as another failure: ${text(result)}`);
    }
    heard.add(text(result));
    ok(`${words}: ${tries} tries, says: ${text(result).slice(0, 100)}`);
  }

  for (const words of ['recover 429', 'recover 500', 'slow 2500']) {
    const query = `${words} ${crypto.randomUUID()}`;
    checkSearch(await call('web_search', { query }), query);
    assert.equal(await arrived(query), words.startsWith('slow') ? 1 : 2, words);
    ok(`${words}: succeeds`);
  }

  const none = await call('web_search', { query: 'empty' });
  assert.ok(!none.isError && none.structuredContent.results.length === 0, JSON.stringify(none));
  ok('no results is no error');

  const good = 'https://example.com/page';
  const pages = await call('web_extract', { urls: [good, 'https://example.com/missing'] });
  assert.ok(!pages.isError, text(pages));
  assert.match(text(pages), /The text of https:\/\/example\.com\/page/);
  assert.match(text(pages), /https:\/\/example\.com\/missing/, 'the page that failed is named');
  const refused = await call('web_extract', { urls: [`https://example.com/error-432/${crypto.randomUUID()}`] });
  assert.equal(refused.isError, true, text(refused));
  ok('web_extract gives the pages, names the failed one, reports errors');
  await client.close();
}, { seconds: 150 });
