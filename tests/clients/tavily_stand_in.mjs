// A stand-in for the Tavily API: /search and /extract with their documented answers and errors.
//
//   node tavily_stand_in.mjs [port]      prints "listening on http://127.0.0.1:PORT"
//
// The words of the query (or the address to extract) choose the answer:
//   "error 400" .. "error 500", also 401 403 422 429 432 433 502   that status with Tavily's body
//   "recover 429", "recover 500"   that status once per query, then success (is it retried?)
//   "slow 2500"                     a success after so many milliseconds
//   "garbage"                       200 with a body that is no JSON
//   "empty"                         a success without results
// Anything else succeeds. GET /calls tells how often each query arrived; `Bearer tvly-test` is the key.

import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const KEY = 'Bearer tvly-test';
const PROBLEMS = {
  400: 'Invalid max results. Max results must be between 0 and 20.',
  401: 'Unauthorized: missing or invalid API key.',
  403: '[403] URL is not supported',
  429: 'Your request has been blocked due to excessive requests. Please reduce rate of requests.',
  432: "This request exceeds your plan's set usage limit. Please upgrade your plan.",
  433: 'This request exceeds the pay-as-you-go limit you set.',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
};

const calls = new Map();

async function handle(request, response) {
  if (request.method === 'GET' && request.url === '/calls') return send(response, 200, Object.fromEntries(calls));
  const endpoint = { '/search': search, '/extract': extract }[request.url];
  if (request.method !== 'POST' || !endpoint) return problem(response, 404, 'Not Found');
  const raw = await read(request);
  if (request.headers.authorization !== KEY) return problem(response, 401, PROBLEMS[401]);
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return invalid(response, 'body');
  let body;
  try {
    body = JSON.parse(raw);
  } catch {
    return invalid(response, 'body');
  }
  const words = request.url === '/search' ? body.query : [].concat(body.urls ?? []).join(' ');
  if (typeof words !== 'string' || words === '') return invalid(response, request.url === '/search' ? 'query' : 'urls');
  calls.set(words, (calls.get(words) ?? 0) + 1);
  if (await misbehave(words, response)) return undefined;
  return send(response, 200, endpoint(body, words));
}

/** Answers as the words ask; true when the answer has been given. */
async function misbehave(words, response) {
  const [, kind, number] = /\b(error|recover|slow)[ -](\d+)/.exec(words) ?? [];
  if (kind === 'slow') await sleep(Math.min(Number(number), 60_000));
  if (kind === 'error' || (kind === 'recover' && calls.get(words) === 1)) {
    const status = Number(number);
    if (status === 422) invalid(response, 'query');
    else problem(response, status, PROBLEMS[status] ?? 'Error', status === 429 ? { 'retry-after': '1' } : {});
    return true;
  }
  if (/\bgarbage\b/.test(words)) {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>not what you asked for</html>');
    return true;
  }
  return false;
}

function search(body, query) {
  const wanted = Math.min(Math.max(body.max_results ?? 5, 0), 20);
  const found = /\bempty\b/.test(query) ? [] : Array.from({ length: Math.min(wanted, 3) }, (_, at) => ({
    title: at === 0 ? `Stand-in result for ${query}` : `Another result ${at}`,
    url: at === 0 ? 'https://example.com/stand-in' : `https://example.com/other/${at}`,
    content: `What the stand-in knows about ${query}.`,
    score: 0.9 - at / 10,
    raw_content: null,
    favicon: 'https://example.com/favicon.png',
    ...(body.topic === 'news' ? { published_date: 'Mon, 02 Nov 2026 08:00:00 GMT' } : {}),
  }));
  return {
    query,
    answer: body.include_answer ? `The stand-in answers ${query}.` : null,
    follow_up_questions: null,
    images: [],
    results: found,
    auto_parameters: { topic: 'general', search_depth: 'basic' },
    response_time: 0.12,
    usage: { credits: body.search_depth === 'advanced' ? 2 : 1 },
    request_id: '123e4567-e89b-12d3-a456-426614174111',
  };
}

function extract(body) {
  const urls = [].concat(body.urls).slice(0, 20);
  const bad = (url) => !/^https?:\/\/[^/]+\./.test(url) || /\bmissing\b/.test(url);
  return {
    results: urls.filter((url) => !bad(url)).map((url) => ({
      url, raw_content: `# Stand-in page\n\nThe text of ${url}.`, images: [], favicon: 'https://example.com/favicon.png',
    })),
    failed_results: urls.filter(bad).map((url) => ({ url, error: 'Failed to fetch url' })),
    response_time: 0.02,
    usage: { credits: 1 },
    request_id: '123e4567-e89b-12d3-a456-426614174112',
  };
}

function problem(response, status, error, headers = {}) {
  send(response, status, { detail: { error } }, headers);
}

function invalid(response, field) {
  send(response, 422, { detail: [{ type: 'missing', loc: ['body', field], msg: 'Field required', input: null }] });
}

function send(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

const server = http.createServer((request, response) => {
  handle(request, response).catch(() => response.destroy());
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
