// Signing in with more than a password: passkeys with Chromium's virtual authenticator, an authenticator app,
// recovery codes, a second factor that is required, and all of it without JavaScript as far as it goes.

import { setDefaultResultOrder } from 'node:dns';
import { keyboard, tabTo, walk } from './lib/hand.mjs';
import { launch } from './lib/page.mjs';
import { chapter, code, EMAIL, PASSWORD } from './lib/person.mjs';
import { check, conclude } from './lib/report.mjs';

/** A security key that checks its owner and is at hand; returns what takes it away and brings it back. */
async function authenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return (enabled) => session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
}

/** With a key that is always at hand, Chromium takes the first passkey from the autofill as soon as it is offered. */
function withoutAutofill(page) {
  return page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
}

async function passkeys(person) {
  await withoutAutofill(person.page);
  await authenticator(person.page);
  await person.setUp();
  await person.visit('/account/passkeys', 'passkeys-none');
  await person.says('You have no passkey yet');
  await person.press('/account/passkeys');
  await person.says('Your passkey is added');
  await person.says('Not used yet');
  await person.shows('passkeys');

  const again = person.page.locator('form[action="/account/passkeys"] button');
  await again.click();
  const problem = person.page.locator('[data-passkey-problem]');
  await problem.waitFor();
  await person.says('has a passkey for your account already');
  await person.shows('passkeys-problem');

  await person.signOut();
  const app = await person.ask('Night Train');
  await person.shows('login-passkey');
  await person.press('/login/passkey');
  person.at('/consent');
  await person.allow(app);

  await person.visit('/account/passkeys');
  await person.says('Last used');
  await person.page.locator('.entries a').click();
  await person.shows('passkey');
  await person.field('name').fill('My laptop');
  const { pathname } = new URL(person.page.url());
  await person.press(`${pathname}/rename`);
  await person.says('My laptop');
  await person.page.locator('.entries a').click();
  await person.press(`${pathname}/remove`);
  await person.says('The passkey is removed');
  await person.signOut();
  await person.visit('/login');
  await person.press('/login/passkey');
  await person.says('That passkey could not be used here');
  await person.shows('login-passkey-refused');
  await person.password();
  person.at('/account');
  await person.visit('/account/password', 'account-password');
  await person.field('password').fill('aaaaaaaaaaaaaaaa');
  await person.field('password_again').fill('aaaaaaaaaaaaaaaa');
  await person.press('/account/password');
  await person.says('easy to guess');
  await person.shows('account-password-weak');
}

/** Notes each request for a passkey that a page makes, and how it ended. */
function watch(page) {
  return page.addInitScript(() => {
    window.requests = [];
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = async (options) => {
      const request = { mediation: options.mediation ?? 'modal', end: '' };
      window.requests.push(request);
      try {
        const credential = await get(options);
        request.end = 'answered';
        return credential;
      } catch (error) {
        request.end = error.name;
        throw error;
      }
    };
  });
}

async function autofill(person) {
  const { page } = person;
  const requests = () => page.evaluate(() => window.requests.map(({ mediation, end }) => `${mediation} ${end}`.trim()));
  const wait = (words) => page.waitForFunction((w) => window.requests.map((r) => r.mediation + r.end).join() === w, words);
  let challenges = 0;
  page.on('request', (request) => (challenges += request.url().endsWith('/login/passkey/options') ? 1 : 0));
  await page.clock.install();
  await watch(page);
  const isAtHand = await authenticator(page);
  await person.setUp();
  await person.visit('/account/passkeys');
  await person.press('/account/passkeys');
  await person.says('Your passkey is added');
  await isAtHand(false);
  await person.signOut();

  await person.visit('/login');
  check('the email field takes passkeys', (await person.field('email').getAttribute('autocomplete')) === 'username webauthn');
  await wait('conditional');
  check('one challenge for one page', challenges === 1, challenges);
  await page.clock.fastForward('07:00');
  check('a challenge of seven minutes is good', challenges === 1, challenges);
  await page.clock.fastForward('02:00');
  await wait('conditionalAbortError,conditional');
  check('a challenge of nine minutes is renewed', challenges === 2, challenges);

  // The password works as ever while a passkey is offered.
  await person.password();
  person.at('/account');
  await person.signOut();

  // The button takes over.
  await person.visit('/login');
  await wait('conditional');
  await isAtHand(true);
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/login/passkey'));
  const ended = page.evaluate(() => new Promise((resolve) => {
    const form = document.querySelector('form[data-passkey]');
    form.submit = () => {
      resolve(window.requests.map(({ mediation, end }) => `${mediation} ${end}`).join(', '));
      HTMLFormElement.prototype.submit.call(form);
    };
  }));
  const pressed = person.press('/login/passkey');
  const words = await ended;
  check('the button ends the offer and asks itself', words === 'conditional AbortError, modal answered', words);
  await sent;
  await pressed;
  person.at('/account');
  await isAtHand(false);
  await person.signOut();

  // Two tabs wait; a challenge that could not be had is no problem to anybody.
  await person.visit('/login');
  await wait('conditional');
  const other = await page.context().newPage();
  await other.route('**/login/passkey/options', (route) => route.fulfill({ status: 503, contentType: 'application/json', body: '{}' }));
  await other.goto(`${person.gatepost.url}/login`);
  check('without a challenge the page is whole', await other.locator('[data-passkey-problem]').isHidden());
  await other.close();
  check('the first tab still offers', (await requests()).join() === 'conditional', await requests());

  // Taken from the autofill.
  await isAtHand(true);
  const app = await person.ask('Night Train');
  await page.waitForURL(/\/consent/);
  await isAtHand(false);
  await person.allow(app);
}

/** Everything about passkeys with Tab, Enter, Space and typing. */
async function passkeysByKeyboard(person) {
  const { page } = person;
  const announced = async (words) => {
    const text = (await page.locator('[role=status]:visible, [role=alert]:visible').allInnerTexts()).join(' ');
    check(`"${words}" is announced`, text.includes(words), text);
  };
  await withoutAutofill(page);
  await authenticator(page);
  await page.goto(person.gatepost.setupLink);
  await keyboard.fill(person.field('email'), EMAIL);
  await keyboard.fill(person.field('password'), PASSWORD);
  await keyboard.fill(person.field('password_again'), PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/admin/);
  await page.goto(`${person.gatepost.url}/account`);
  await person.follow(page.locator('.tabs a', { hasText: 'Sign-in' }));
  await person.follow(page.locator('main a[href="/account/passkeys"]').first());
  const adding = page.locator('form[action="/account/passkeys"] button');
  await adding.waitFor();
  await walk(page, 'no passkey');
  await person.follow(adding);
  await announced('Your passkey is added');

  await tabTo(adding);
  await page.keyboard.press('Space');
  await page.locator('[data-passkey-problem]').waitFor();
  await announced('has a passkey for your account already');
  check('the focus stays on the button', await adding.evaluate((button) => button === document.activeElement));

  await person.follow(page.locator('.entries a'));
  await walk(page, 'a passkey');
  const { pathname } = new URL(page.url());
  await keyboard.fill(person.field('name'), 'My laptop');
  await person.follow(page.locator(`form[action="${pathname}/rename"] button`), 'Space');
  await person.says('My laptop');
  await announced('has its new name');

  await person.follow(page.locator('form[action="/logout"] button'));
  await person.visit('/login');
  await page.locator('form[data-passkey]').waitFor();
  await walk(page, 'login');
  await person.visit('/login');
  await person.follow(page.locator('form[action="/login/passkey"] button'));
  person.at('/account');

  await person.visit('/account/passkeys');
  await person.follow(page.locator('.entries a'));
  await person.follow(page.locator(`form[action="${pathname}/remove"] button`));
  await announced('The passkey is removed');
}

async function codes(person, name) {
  await person.setUp();
  await person.visit('/account/second-factor', `${name}-second-factor-off`);
  const { secret, codes: recovery } = await person.addApp(name);
  await person.visit('/account/second-factor', `${name}-second-factor-on`);
  await person.says('10 of 10');
  await person.signOut();

  const app = await person.ask('Reading Lamp');
  await person.password();
  person.at('/login/second-factor');
  await person.shows(`${name}-code`);
  await person.answer('000000');
  await person.says('That code is not right');
  await person.shows(`${name}-code-wrong`);
  await person.answer(code(secret, 1));
  person.at('/consent');
  await person.allow(app);

  await person.signOut();
  await person.visit('/login');
  await person.password();
  await person.page.locator('summary').click();
  await person.shows(`${name}-recovery`);
  await person.field('recovery_code').fill('0000 0000 0000 0000');
  await person.page.locator('input[name=recovery_code]').press('Enter');
  await person.page.locator('#recovery-problem').waitFor();
  await person.shows(`${name}-recovery-wrong`);
  await person.field('recovery_code').fill(recovery[0].toUpperCase());
  await Promise.all([
    person.page.waitForEvent('load'),
    person.page.locator('input[name=recovery_code]').press('Enter'),
  ]);
  person.at('/account');
  await person.visit('/account/second-factor');
  await person.says('9 of 10');
  await person.press('/account/second-factor/turn-off');
  await person.says('turned off');
  check('no code is printed', !person.gatepost.output.includes(recovery[1]));
}

async function withoutScripts(person) {
  await codes(person, 'plain');
  await person.visit('/account/passkeys');
  await person.says('Adding a passkey needs JavaScript');
  const adding = person.page.locator('form[action="/account/passkeys"]');
  check('the button that would do nothing is hidden', await adding.isHidden());
  await person.signOut();
  await person.visit('/login');
  await person.says('Signing in with a passkey needs JavaScript');
}

async function required(person) {
  await person.setUp();
  person.at('/account/second-factor');
  await person.says('requires a second factor');
  await person.shows('required');
  const app = await person.ask('Reading Lamp');
  person.at('/account/second-factor');
  await person.addApp('required');
  await person.page.locator('main .row a').click();
  await person.page.waitForURL(/\/consent/);
  await person.allow(app);
  await person.visit('/account/second-factor');
  await person.says('Add a passkey first');
  await person.shows('required-on');
}

setDefaultResultOrder('ipv4first');
const browser = await launch();
try {
  await chapter(browser, 'Passkeys', passkeys);
  await chapter(browser, 'Passkeys in the autofill', autofill, { photographed: false });
  await chapter(browser, 'Passkeys with a keyboard', passkeysByKeyboard, { hand: keyboard, photographed: false });
  await chapter(browser, 'Codes', (person) => codes(person, 'codes'));
  const settings = { GATEPOST_LOGIN__REQUIRE_SECOND_FACTOR: 'everyone' };
  await chapter(browser, 'A second factor is required', required, { settings });
  await chapter(browser, 'With a keyboard', (person) => codes(person, 'keyboard'), { hand: keyboard, photographed: false });
  const context = { javaScriptEnabled: false };
  await chapter(browser, 'Without JavaScript', withoutScripts, { context, photographed: false });
} finally {
  await browser.close();
}
process.exitCode = conclude() ? 0 : 1;
