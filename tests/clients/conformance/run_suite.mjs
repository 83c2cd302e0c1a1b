// Runs the official suite as a child process and reads the checks it wrote, scenario by scenario.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./node_modules/.bin/conformance', import.meta.url));

/** Resolves to the exit code, the output, and the recorded checks by scenario. */
export function runSuite(args, { seconds, onOutput = () => {} }) {
  const directory = mkdtempSync(path.join(tmpdir(), 'conformance-'));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...args, '-o', directory], { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    let output = '';
    const hear = (chunk) => {
      output += chunk;
      onOutput(output);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('close', (code) => {
      clearTimeout(timer);
      const scenarios = checks(directory, args[0] === 'server' ? /^server-/ : /^authorization-server-/);
      rmSync(directory, { recursive: true, force: true });
      resolve({ code: code ?? 'killed', output, scenarios });
    });
  });
}

/** Each scenario leaves a folder `<leg><scenario>-<timestamp>` with checks.json. */
function checks(directory, leg) {
  const found = new Map();
  for (const entry of readdirSync(directory, { recursive: true })) {
    if (path.basename(entry) !== 'checks.json') continue;
    const folder = path.basename(path.dirname(entry));
    const scenario = folder.replace(/-\d{4}-\d\d-\d\dT.*$/, '').replace(leg, '');
    found.set(scenario, JSON.parse(readFileSync(path.join(directory, entry), 'utf8')));
  }
  return found;
}

export function count(found) {
  const total = { SUCCESS: 0, FAILURE: 0, WARNING: 0, SKIPPED: 0 };
  for (const list of found.values()) for (const { status } of list) total[status] = (total[status] ?? 0) + 1;
  return total;
}
