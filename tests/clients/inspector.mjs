// MCP Inspector on the command line, in every era it offers: handed a bearer token it lists and calls
// tools; without one it registers, opens a browser (bin/xdg-open) and logs in by itself; with a token
// that lacks search:read it reports the missing scope instead of a result.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { checkSearch, checkTools, checkWhoami, MCP_URL, proof } from './expect.mjs';
import { StandInBrowser } from './stand_in_browser.mjs';
import { obtainToken } from './token.mjs';

const PROGRAM = fileURLToPath(new URL('./node_modules/.bin/mcp-inspector', import.meta.url));

/** Runs the command line tool once: its exit code, its stdout, its stderr. */
function inspector(browser, args, extra = {}) {
  const all = [PROGRAM, '--cli', '--server-url', MCP_URL, '--transport', 'http', '--format', 'json', ...args];
  return new Promise((resolve) => {
    const env = { ...browser.environment(), ...extra };
    execFile(process.execPath, all, { env, timeout: 40_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? 'killed') : 0, stdout, stderr });
    });
  });
}

function result({ code, stdout, stderr }) {
  assert.equal(code, 0, `exit code ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout).result;
}

/** The Inspector's own default port may be in use on this machine. */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const WHOAMI = ['--method', 'tools/call', '--tool-name', 'whoami'];
const SEARCH = ['--method', 'tools/call', '--tool-name', 'web_search', '--tool-arg', 'query=hinges'];

await proof('inspector', async (ok) => {
  const { access_token: full } = await obtainToken(MCP_URL, 'Inspector proof');
  const { access_token: narrow } = await obtainToken(MCP_URL, 'Inspector narrow proof', { scopes: 'none' });
  const browser = new StandInBrowser();
  for (const era of ['legacy', 'auto', 'modern']) {
    const given = ['--protocol-era', era, '--header', `Authorization: Bearer ${full}`];
    checkTools(result(await inspector(browser, [...given, '--method', 'tools/list'])).tools);
    checkWhoami(result(await inspector(browser, [...given, ...WHOAMI])), { search: true });
    checkSearch(result(await inspector(browser, [...given, ...SEARCH])), 'hinges');
    ok(`${era}: lists and calls tools with a given token`);
  }

  const short = ['--header', `Authorization: Bearer ${narrow}`];
  checkWhoami(result(await inspector(browser, [...short, ...WHOAMI])), { search: false });
  const refused = await inspector(browser, [...short, '--stored-auth-only', ...SEARCH]);
  assert.notEqual(refused.code, 0, `a token without search:read got a result: ${refused.stdout}`);
  assert.match(refused.stdout + refused.stderr, /scope|403|auth/i);
  ok('reports the missing scope of a narrow token');

  const callback = ['--callback-url', `http://127.0.0.1:${await freePort()}/oauth/callback`];
  const opened = { MCP_AUTO_OPEN_ENABLED: 'true' };
  checkWhoami(result(await inspector(browser, [...callback, ...WHOAMI], opened)), { search: true });
  assert.deepEqual((await browser.visits(1)).map((visit) => visit.pages), [['login', 'consent']]);
  checkSearch(result(await inspector(browser, ['--stored-auth-only', ...SEARCH])), 'hinges');
  assert.equal((await browser.visits(1)).length, 1);
  ok('registers and logs in by itself, then reuses what it stored');
}, { seconds: 180 });
