// Conformance suite, authorization-server leg: registers a client as any software would, starts the
// suite, takes the login URL from its output and plays the person. Its exit code is 0 even when a
// scenario was skipped, so every scenario is judged by the checks it recorded.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { authorize } from '../login.mjs';
import { discover, register } from '../token.mjs';
import { count, runSuite } from './run_suite.mjs';

const SCENARIOS = ['authorization-server-metadata-endpoint', 'authorization-code-grant'];
const base = process.env.GATEPOST_URL?.replace(/\/$/, '');
assert.ok(base, 'set GATEPOST_URL');
const mcpUrl = process.env.GATEPOST_MCP_URL ?? `${base}/mcp`;

// Registered with the suite's usual port, used with a free one: the port of a loopback redirect is free.
const { server, resource } = await discover(mcpUrl);
const client = await register(server, 'Conformance suite', 'http://127.0.0.1:3000/callback');
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const free = probe.address().port;
    probe.close(() => resolve(free));
  });
});

let login;
const { code, output, scenarios } = await runSuite(
  ['authorization', '--url', server.issuer, '--client-id', client.client_id, '--resource', resource.resource, '-p', `${port}`],
  {
    seconds: 90,
    onOutput: (text) => {
      const [, url] = /(https?:\/\/\S*[?&]code_challenge=\S*)\s/.exec(text) ?? [];
      if (url && !login) {
        login = authorize(url)
          .then(({ location }) => fetch(location, { signal: AbortSignal.timeout(15_000) }))
          .catch((error) => error);
      }
    },
  },
);

const problem = await login;
try {
  assert.ok(login, 'the suite printed no login URL');
  assert.ok(!(problem instanceof Error), `the login failed: ${problem?.stack}`);
  assert.equal(code, 0, `exit code ${code}`);
  for (const name of SCENARIOS) {
    const list = scenarios.get(name) ?? [];
    const bad = list.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO');
    assert.ok(list.some(({ status }) => status === 'SUCCESS'), `${name}: nothing passed`);
    assert.deepEqual(bad.map(({ id, status, errorMessage }) => ({ id, status, errorMessage })), [], name);
  }
  console.log(`ok - conformance authorization: ${[...scenarios.keys()].join(', ')}: ${count(scenarios).SUCCESS} checks passed`);
  process.exit(0);
} catch (error) {
  console.error(output.slice(-6000));
  console.error(`not ok - conformance authorization: ${error.message}; scenarios seen: ${[...scenarios.keys()]}`);
  process.exit(1);
}
