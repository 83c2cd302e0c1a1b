// Gatepost's command line on the database of the server under test, for what only an administrator makes.

import { execFileSync } from 'node:child_process';

/** Runs a command that prints JSON. */
export function gatepost(...args) {
  return JSON.parse(execFileSync(process.env.GATEPOST_CLI, [...args, '--json'], { encoding: 'utf8' }));
}

/** A machine: a client that acts for nobody but itself. */
export function machine(name, ...args) {
  return gatepost('client', 'create', '--machine', '--name', name, ...args);
}
