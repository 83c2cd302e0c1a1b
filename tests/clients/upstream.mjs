// Login at OpenID providers that others wrote: `oidc-provider` (JavaScript) and `oidc-provider-mock` (Python, Authlib).
// An MCP client sends a person to Gatepost, the person goes on to the provider, and comes back with a token of
// Gatepost's. Then: somebody who was not invited, a person who cancels, and a provider with new keys.
//
// Gatepost runs with the providers `node` (admits anyone) and `python` (admits nobody).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { EMAIL, GATEPOST_URL, MCP_URL, proof } from './expect.mjs';
import { forms, Jar } from './login.mjs';
import { MemoryProvider } from './provider.mjs';

const NODE_PORT = process.env.UPSTREAM_NODE_PORT;
const PYTHON_PORT = process.env.UPSTREAM_PYTHON_PORT;
const here = import.meta.dirname;
const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

async function start(command, args, issuer) {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  children.add(child);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await fetch(`${issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(2_000) });
      assert.equal((await answer.json()).issuer, issuer);
      return child;
    } catch (error) {
      assert.ok(child.exitCode === null && attempt < 100, `${command} did not start: ${error}`);
      await sleep(200);
    }
  }
}

async function stop(child) {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  children.delete(child);
}

const startNode = () => start(
  process.execPath,
  [`${here}/openid_provider.mjs`, NODE_PORT, `${GATEPOST_URL}/login/node/callback`],
  `http://127.0.0.1:${NODE_PORT}`,
);
const startPython = () => start(
  `${here}/.venv/bin/oidc-provider-mock`,
  ['--port', PYTHON_PORT, ...['stranger@example.com'].flatMap((email) => [
    '--user-claims', JSON.stringify({ sub: email, email, email_verified: true, name: 'Somebody' }),
  ])],
  `http://127.0.0.1:${PYTHON_PORT}`,
);

/** A browser with cookies per site. */
class Visitor {
  #jars = new Map();

  async go(request) {
    const { url, body } = request;
    if (!this.#jars.has(url.origin)) this.#jars.set(url.origin, new Jar());
    const jar = this.#jars.get(url.origin);
    const headers = { accept: 'text/html', ...(jar.header() && { cookie: jar.header() }) };
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET', body, headers, redirect: 'manual', signal: AbortSignal.timeout(20_000),
    });
    jar.take(response);
    return response;
  }

  /** From an authorization URL to the client's redirect URI, or to a page that offers no form. */
  async walk(start, { provider, name, decision }) {
    const redirectUri = new URL(start).searchParams.get('redirect_uri');
    const path = [];
    let request = { url: new URL(start) };
    for (let step = 0; step < 25; step += 1) {
      const response = await this.go(request);
      const page = await response.text();
      const location = response.headers.get('location');
      if (location?.startsWith(redirectUri)) return { path, params: new URL(location).searchParams };
      if (location) {
        request = { url: new URL(location, request.url) };
        continue;
      }
      const next = this.#answer(page, request.url, { provider, name, decision });
      path.push(`${request.url.port === new URL(GATEPOST_URL).port ? 'gatepost' : provider} ${response.status}`);
      if (!next) return { path, status: response.status, page };
      request = next;
    }
    throw new Error(`no end: ${path}`);
  }

  #answer(page, url, { provider, name, decision }) {
    const found = forms(page);
    const submit = (form, values) => {
      const fields = form.fields.filter((f) => f.name && !['submit', 'button'].includes(f.type) && !f.disabled);
      const body = new URLSearchParams(fields.filter((f) => f.type !== 'checkbox' || f.checked)
        .map((f) => [f.name, values[f.name] ?? f.value]));
      for (const [field, value] of Object.entries(values)) if (!body.has(field)) body.set(field, value);
      return { url: new URL(form.action || url, url), body };
    };
    if (url.origin === GATEPOST_URL) {
      const button = found.find((form) => form.action === `/login/${provider}`);
      if (button) return submit(button, {});
      const consent = found.find((form) => form.fields.some((field) => field.name === 'decision'));
      return consent && submit(consent, { decision: 'allow' });
    }
    if (decision === 'deny') return { url: new URL(/href="([^"]*\/abort)"/.exec(page)[1], url) };
    if (provider === 'python') return submit(found[0], { sub: name });
    const login = found.find((form) => form.fields.some((field) => field.name === 'login'));
    return login ? submit(login, { login: name, password: 'any' }) : submit(found[0], {});
  }
}

class UpstreamMemory extends MemoryProvider {
  constructor(name, how) {
    super(name);
    this.how = how;
    this.visitor = new Visitor();
  }

  async redirectToAuthorization(url) {
    this.visits += 1;
    this.visit = await this.visitor.walk(url, this.how);
  }
}

/** Logs an MCP client in by way of a provider; returns what whoami says, or the visit that led nowhere. */
async function logIn(how) {
  const memory = new UpstreamMemory(`Upstream proof ${how.provider} ${how.name}`, how);
  const open = async () => {
    const client = new Client({ name: 'upstream-proof', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider: memory });
    await client.connect(transport);
    return client;
  };
  await assert.rejects(open());
  if (!memory.visit.params) return { memory, visit: memory.visit };
  const finishing = new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider: memory });
  await finishing.finishAuth(memory.visit.params);
  const client = await open();
  const result = await client.callTool({ name: 'whoami', arguments: {} });
  await client.close();
  return { memory, me: result.structuredContent, visit: memory.visit };
}

await proof('upstream', async (ok) => {
  const node = await startNode();
  const first = await logIn({ provider: 'node', name: 'jane@example.com' });
  assert.equal(first.me.email, 'jane@example.com');
  const again = await logIn({ provider: 'node', name: 'jane@example.com' });
  assert.equal(again.me.subject, first.me.subject, 'the same identity is the same person');
  ok(`oidc-provider: ${first.visit.path.join(' → ')} → whoami says jane@example.com`);

  const taken = await logIn({ provider: 'node', name: EMAIL });
  assert.equal(taken.visit.status, 403);
  assert.match(taken.visit.page, /You have an account here already/);
  ok('oidc-provider: somebody with the address of an account does not get into it');

  const cancelled = await logIn({ provider: 'node', name: 'x', decision: 'deny' });
  assert.equal(cancelled.visit.status, 200);
  assert.match(cancelled.visit.page, /You cancelled at Node/);
  ok('oidc-provider: whoever cancels is led back to the login');

  await stop(node);
  const python = await startPython();
  const stranger = await logIn({ provider: 'python', name: 'stranger@example.com' });
  assert.equal(stranger.visit.status, 403);
  assert.match(stranger.visit.page, /You have no account here/);
  const back = /href="([^"]*error=access_denied[^"]*)"/.exec(stranger.visit.page)[1].replaceAll('&#38;', '&');
  const told = new URL(back).searchParams;
  assert.equal(told.get('iss'), GATEPOST_URL);
  assert.ok(told.get('state'), 'the client recognises its request');
  ok('oidc-provider-mock: whoever was not invited stays out, and the client can be told');

  await stop(python);
  await startPython();
  const rotated = await logIn({ provider: 'python', name: 'stranger@example.com' });
  assert.match(rotated.visit.page, /You have no account here/, 'the ID token was believed');
  ok('oidc-provider-mock: started with new keys, its tokens are believed all the same');
});
