// The administration: every page that links lead to, in light, dark and on a phone, held against the
// accessibility rules; without JavaScript, and with names that try to be markup.

import { setDefaultResultOrder } from 'node:dns';
import { App } from './lib/app.mjs';
import { launch, PHONE } from './lib/page.mjs';
import { chapter, EMAIL } from './lib/person.mjs';
import { check, conclude } from './lib/report.mjs';

const HOSTILE = `<img src=x onerror=alert(1)> {{ 7*7 }} \u202Eevil ${'long'.repeat(20)}`;
const MOST = 120; // pages of one tour

/** The address with ids and words of a search left out: pages of one kind look alike. */
function kind(url) {
  const { pathname, searchParams } = new URL(url);
  const path = pathname.replaceAll(/\/[a-z]{3}_[0-9a-v]+/g, '/*').replaceAll(/\/http%3A[^/]+/g, '/by-document');
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
    await person.shows(`${prefix}${what.replaceAll('*', 'one').replaceAll(/[^a-z]+/g, '-').replace(/-$/, '')}`);
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

/** Sends JSON to the API, as a program with a token does; returns what was made. */
async function make(person, token, path, body) {
  const response = await fetch(`${person.gatepost.url}/admin/api/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const made = await response.json();
  check(`${path} makes something`, response.status === 201, made);
  return made;
}

/** A platform whose programs need no secret, a company whose people need no login page. */
async function trust(person) {
  const words = ['api-token', 'create', '--name', 'Trust', '--owner', EMAIL, '--days', '1'];
  const printed = await person.gatepost.run([...words, '--scope', 'issuers:write,clients:write,resources:read']);
  const [token] = printed.match(/apt_\S+/g).slice(-1);
  const client = await make(person, token, '/clients', {
    kind: 'machine',
    name: 'Nightly report',
    auth_method: 'client_secret_basic',
    redirect_uris: [],
    allowed_scopes: ['search:read'],
  });
  const platform = await make(person, token, '/issuers', {
    kind: 'workload',
    name: 'Build pipeline',
    issuer: 'http://127.0.0.1:9/ci',
    keys_from: 'discovery',
    algorithms: ['RS256'],
  });
  const resources = await fetch(`${person.gatepost.url}/admin/api/v1/resources`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const [{ id }] = (await resources.json()).items;
  for (const value of ['repo:acme/report:ref:refs/heads/main', 'repo:acme/*:environment:production']) {
    const claims = [{ claim: 'sub', value }];
    await make(person, token, `/issuers/${platform.id}/rules`, { claims, client_id: client.id, resource_id: id });
  }
}

/** An app whose document comes to send access elsewhere: it is on hold. */
async function held(person) {
  const app = await App.withDocument(person.gatepost.url, 'Weather Desk');
  person.apps.push(app);
  await person.page.goto(app.ask());
  await person.says(app.host);
  await person.shows('consent-by-document');
  const allow = person.page.locator('form[action="/consent"] button[value=allow]');
  await Promise.all([person.page.waitForEvent('load'), allow.click()]);
  const { body } = await app.exchange((await app.answer()).get('code'));
  app.refreshToken = body.refresh_token;
  app.document.redirect_uris.push('https://weather.example/callback');
  // What it fetched before is kept for a minute at least.
  await person.gatepost.restart();
  const refused = await app.refresh();
  check('an app that has changed is on hold', refused.body.error === 'invalid_grant', refused);
  return app;
}

async function accepted(person, app) {
  const page = `/admin/clients/${encodeURIComponent(app.clientId)}`;
  await person.visit(page);
  await person.says('https://weather.example');
  await person.page.getByText('Accept the change', { exact: true }).click();
  await person.press(`${page}/accept`);
  await person.shows('admin-clients-accepted');
  const { status } = await app.refresh();
  check('an app whose change was accepted goes on', status === 200, status);
}

async function looksAtEverything(person) {
  await life(person);
  await trust(person);
  const app = await held(person);
  const seen = await tour(person, 'admin');
  check('the tour saw the whole administration', seen.size > 40, [...seen].join('\n'));
  await accepted(person, app);
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
