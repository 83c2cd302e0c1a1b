// Stands in for the desktop browser of clients that open one themselves (see bin/xdg-open).
//
// STAND_IN_BROWSER_DIR holds `plan` (which scopes the person leaves ticked: "offered" or "none",
// read at every visit) and `visits.log` (one JSON line per visit, read by the tests).

import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { authorize } from './login.mjs';

const directory = process.env.STAND_IN_BROWSER_DIR;
const url = process.argv[2];

/** The client may start its listener only after the browser was opened: knock until it answers. */
async function deliver(location) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await fetch(location, { signal: AbortSignal.timeout(15_000) });
      await response.text();
      return response.status;
    } catch (error) {
      if (attempt === 60) throw error;
      await sleep(250);
    }
  }
}

function plan() {
  try {
    return readFileSync(`${directory}/plan`, 'utf8').trim();
  } catch {
    return 'offered';
  }
}

let visit;
try {
  const { pages, offered, location } = await authorize(url, { scopes: plan() });
  visit = { pages, offered, requested: new URL(url).searchParams.get('scope'), delivered: await deliver(location) };
} catch (error) {
  visit = { error: String(error?.message ?? error) };
  process.exitCode = 1;
}
if (directory) appendFileSync(`${directory}/visits.log`, `${JSON.stringify(visit)}\n`);
else console.log(JSON.stringify(visit));
