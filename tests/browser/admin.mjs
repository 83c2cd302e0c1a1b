// The administration: every page that links lead to, in light, dark and on a phone, held against the
// accessibility rules; without JavaScript, and with names that try to be markup.

import { setDefaultResultOrder } from 'node:dns';
import { App } from './lib/app.mjs';
import { launch, PHONE } from './lib/page.mjs';
import { chapter } from './lib/person.mjs';
import { check, conclude } from './lib/report.mjs';

const HOSTILE = `<img src=x onerror=alert(1)> {{ 7*7 }} \u202Eevil ${'long'.repeat(20)}`;
const MOST = 80; // pages of one tour

/** The address with ids and words of a search left out: pages of one kind look alike. */
function kind(url) {
  const { pathname, searchParams } = new URL(url);
  const path = pathname.replaceAll(/\/[a-z]{3}_[0-9a-v]+/g, '/*');
  return [path, ...[...searchParams.keys()].filter((key) => key !== 'done').sort()].join(' ');
}

async function links(page) {
  const all = await page.locator('main a[href]').evaluateAll((anchors) => anchors.map((a) => a.href));
  return all.filter((href) => new URL(href).pathname.startsWith('/admin'));
}

/** Walks over every kind of page that links lead to. */
async function tour(person, prefix) {
  const waiting = [`${person.gatepost.url}/admin`];
  const seen = new Set();
  while (waiting.length > 0 && seen.size < MOST) {
    const url = waiting.shift().split('#')[0];
    const what = kind(url);
    if (seen.has(what)) continue;
    seen.add(what);
    const answer = await person.page.goto(url);
    if (!(answer.headers()['content-type'] ?? '').startsWith('text/html')) continue;
    const path = new URL(url).pathname;
    check(`${what}: is there`, answer.ok() || answer.status() === 409, `${answer.status()} ${url}`);
    await person.shows(`${prefix}${what.replaceAll(/[^a-z]+/g, '-').replace(/-$/, '')}`);
    check(`${path}: one heading`, (await person.page.locator('h1').count()) === 1);
    waiting.push(...(await links(person.page)));
  }
  check('the tour comes to an end', seen.size < MOST, [...seen].join('\n'));
  return seen;
}

/** What an administrator has to look at: apps that came, were allowed, and were refused. */
async function life(person) {
  await person.setUp();
  const app = await person.ask('Night Train');
  await person.allow(app);
  const other = await App.register(person.gatepost.url, HOSTILE);
  person.apps.push(other);
  await person.page.goto(other.ask());
  await person.allow(other);
  await person.page.goto(other.ask({ redirect_uri: 'https://elsewhere.example/' }));
  await person.page.goto(other.ask({ code_challenge_method: 'plain' }));
}

async function looksAtEverything(person) {
  await life(person);
  const seen = await tour(person, 'admin');
  check('the tour saw the whole administration', seen.size > 15, [...seen].join('\n'));
}

async function anEmptyHouse(person) {
  await person.setUp();
  await tour(person, 'new-admin');
}

setDefaultResultOrder('ipv4first');
const browser = await launch();
try {
  await chapter(browser, 'The administration of a server in use', looksAtEverything);
  await chapter(browser, 'The administration of a new server, on a phone without JavaScript', anEmptyHouse, {
    photographed: false,
    context: { viewport: PHONE, javaScriptEnabled: false },
  });
} finally {
  await browser.close();
}
process.exitCode = conclude() ? 0 : 1;
