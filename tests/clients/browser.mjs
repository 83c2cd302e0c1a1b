// Stands in for the desktop browser of clients that open one themselves (see bin/xdg-open).
//
// STAND_IN_BROWSER_DIR holds `plan` (which scopes the person leaves ticked: "offered" or "none",
// read at every visit), `cookies.json` (so that a log-in is remembered from visit to visit) and
// `visits.log` (one JSON line per visit, read by the tests).

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { authorize, Jar } from './login.mjs';

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

function kept(name, otherwise) {
  try {
    return readFileSync(`${directory}/${name}`, 'utf8').trim();
  } catch {
    return otherwise;
  }
}

let visit;
try {
  const jar = new Jar(JSON.parse(kept('cookies.json', '[]')));
  const { pages, offered, location } = await authorize(url, { jar, scopes: kept('plan', 'offered') });
  if (directory) writeFileSync(`${directory}/cookies.json`, JSON.stringify(jar), { mode: 0o600 });
  visit = { pages, offered, requested: new URL(url).searchParams.get('scope'), delivered: await deliver(location) };
} catch (error) {
  visit = { error: String(error?.message ?? error) };
  process.exitCode = 1;
}
if (directory) appendFileSync(`${directory}/visits.log`, `${JSON.stringify(visit)}\n`);
else console.log(JSON.stringify(visit));
