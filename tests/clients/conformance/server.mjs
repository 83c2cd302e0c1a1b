// Conformance suite, server leg, for one revision of the protocol:
//
//   CONFORMANCE_MCP_URL=… CONFORMANCE_TOKEN=… node server.mjs 2025-11-25|2026-07-28
//
// Scenarios that need fixtures the target does not have are listed, with the reason, in
// expected-<revision>.yml (or in the folder CONFORMANCE_EXPECTED). The run fails when anything else
// fails, and when something listed passes. With CONFORMANCE_EXPECTED=none, for a target that has the
// fixtures, nothing may fail or warn, what the suite does not score included.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from './inject.mjs';
import { count, runSuite } from './run_suite.mjs';

const REQUIRED = { '2025-11-25': 30, '2026-07-28': 37 };
const CHECKS_WITH_FIXTURES = { '2025-11-25': 83, '2026-07-28': 196 };
const revision = process.argv[2];
const target = process.env.CONFORMANCE_MCP_URL;
const token = process.env.CONFORMANCE_TOKEN;
assert.ok(REQUIRED[revision], `usage: server.mjs ${Object.keys(REQUIRED).join('|')}`);
assert.ok(target && token, 'set CONFORMANCE_MCP_URL and CONFORMANCE_TOKEN');

const folder = process.env.CONFORMANCE_EXPECTED ?? fileURLToPath(new URL('.', import.meta.url));
const whole = folder === 'none';
const expected = path.join(folder, `expected-${revision}.yml`);
assert.ok(whole || existsSync(expected), `no ${expected}`);
const listed = whole ? [] : ['--expected-failures', expected];

const proxy = await inject(target, token);
const { code, output, scenarios } = await runSuite(
  ['server', '--url', proxy.url, '--requirements', revision, '--timeout', '15000', ...listed],
  { seconds: 480 },
);
proxy.close();

const total = count(scenarios);
const summary = `${revision}: ${scenarios.size} scenarios, ${total.SUCCESS} checks passed, ${total.FAILURE} failed (listed, or not scored by the suite)`;
const ran = output.match(/=== Running scenario: /g)?.length ?? 0;
const enough = whole
  ? total.SUCCESS >= CHECKS_WITH_FIXTURES[revision] && total.FAILURE + total.WARNING === 0
  : ran >= REQUIRED[revision];
if (code === 0 && enough) {
  console.log(`ok - conformance server ${summary}`);
  process.exit(0);
}
for (const [scenario, list] of scenarios) {
  for (const { id, status, errorMessage } of list) {
    if (status !== 'FAILURE' && status !== 'WARNING') continue;
    console.error(`  ${status.toLowerCase()} ${scenario}:${id}  ${String(errorMessage).slice(0, 160)}`);
  }
}
const verdict = output.search(/(Unexpected failures|Stale baseline|Unexpected passes)/i);
console.error(output.slice(process.env.VERBOSE ? 0 : verdict < 0 ? -3000 : verdict));
console.error(`not ok - conformance server ${summary}; exit code ${code}, ${ran} scenarios ran`);
process.exit(1);
