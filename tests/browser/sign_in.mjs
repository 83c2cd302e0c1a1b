// Signing in with more than a password: passkeys with Chromium's virtual authenticator, an authenticator app,
// recovery codes, a second factor that is required, and all of it without JavaScript as far as it goes.

import { createHmac } from 'node:crypto';
import { setDefaultResultOrder } from 'node:dns';
import { App } from './lib/app.mjs';
import { Gatepost } from './lib/gatepost.mjs';
import { checkWidth, DESKTOP, launch, look, open } from './lib/page.mjs';
import { begin, check, conclude } from './lib/report.mjs';

const EMAIL = 'ada@example.org';
const PASSWORD = 'pond lantern gravel swift';
const STEP = 30; // seconds

/** The code an app shows that was told this secret, some steps from now (RFC 6238). */
function code(secret, steps = 0) {
  let bits = '';
  for (const letter of secret.replaceAll(/\s/g, '')) {
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  }
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  const word = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, '0');
}

class Person {
  constructor(page, gatepost, photographed) {
    Object.assign(this, { page, gatepost, photographed, apps: [] });
  }

  async visit(path, name) {
    await this.page.goto(new URL(path, this.gatepost.url).href);
    if (name) await this.shows(name);
  }

  async shows(name) {
    if (this.photographed) await look(this.page, name);
    else await checkWidth(this.page, name);
  }

  async says(words, where = 'main') {
    const text = await this.page.locator(where).innerText();
    check(`${new URL(this.page.url()).pathname} says ${words}`, text.includes(words), text);
  }

  at(path) {
    const { pathname } = new URL(this.page.url());
    check(`is at ${path}`, pathname === path, this.page.url());
  }

  field(name) {
    return this.page.locator(`input[name="${name}"]:not([type=hidden])`);
  }

  /** Presses a form's button, and waits for the page it leads to. */
  async press(action) {
    const button = this.page.locator(`form[action="${action}"] button`).first();
    await Promise.all([this.page.waitForEvent('load'), button.click()]);
  }

  async setUp() {
    await this.visit(this.gatepost.setupLink);
    await this.field('email').fill(EMAIL);
    await this.field('password').fill(PASSWORD);
    await this.field('password_again').fill(PASSWORD);
    await this.press('/setup');
  }

  async signOut() {
    await this.visit('/logout');
    await this.press('/logout');
  }

  async password() {
    await this.field('email').fill(EMAIL);
    await this.field('password').fill(PASSWORD);
    await this.press('/login');
  }

  async answer(text) {
    await this.field('code').fill(text);
    await this.press('/login/second-factor');
  }

  async ask(name) {
    const app = await App.register(this.gatepost.url, name);
    this.apps.push(app);
    await this.page.goto(app.ask());
    return app;
  }

  async allow(app) {
    const allow = this.page.locator('form[action="/consent"] button[value=allow]');
    await Promise.all([this.page.waitForEvent('load'), allow.click()]);
    const { status } = await app.exchange((await app.answer()).get('code'));
    check(`${app.name} gets its tokens`, status === 200, status);
  }

  /** Sets an app up from where it is offered; returns its secret and the recovery codes. */
  async addApp(name) {
    await this.press('/account/second-factor/set-up');
    await this.shows(`${name}-app-set-up`);
    const secret = await this.page.locator('#secret').innerText();
    await this.field('code').fill('000000');
    await this.press('/account/second-factor/confirm');
    await this.says('That code is not right');
    await this.shows(`${name}-app-set-up-problem`);
    check('a wrong code keeps the secret', (await this.page.locator('#secret').innerText()) === secret);
    await this.field('code').fill(code(secret));
    await this.press('/account/second-factor/confirm');
    await this.shows(`${name}-recovery-codes`);
    const codes = await this.page.locator('#recovery-codes code').allInnerTexts();
    check('there are ten recovery codes', codes.length === 10, codes.length);
    return { secret, codes };
  }

  async close() {
    for (const app of this.apps) await app.close();
  }
}

/** A security key that checks its owner and is always at hand. */
async function authenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

async function passkeys(person) {
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
  await person.page.locator('.row a').click();
  await person.page.waitForURL(/\/consent/);
  await person.allow(app);
  await person.visit('/account/second-factor');
  await person.says('Add a passkey first');
  await person.shows('required-on');
}

async function chapter(browser, name, story, { settings = {}, context = {}, photographed = true } = {}) {
  begin(name);
  const gatepost = await Gatepost.start(settings);
  const page = await open(browser, { viewport: DESKTOP, ...context });
  const person = new Person(page, gatepost, photographed);
  try {
    await story(person);
  } catch (error) {
    const seen = await page.innerText('body').catch(() => '');
    check('the story ends well', false, `${error.stack}\nat ${page.url()}\n${seen}\n\n${gatepost.output}`);
  } finally {
    await page.context().close();
    await person.close();
    await gatepost.stop();
  }
}

setDefaultResultOrder('ipv4first');
const browser = await launch();
try {
  await chapter(browser, 'Passkeys', passkeys);
  await chapter(browser, 'Codes', (person) => codes(person, 'codes'));
  const settings = { GATEPOST_LOGIN__REQUIRE_SECOND_FACTOR: 'everyone' };
  await chapter(browser, 'A second factor is required', required, { settings });
  const context = { javaScriptEnabled: false };
  await chapter(browser, 'Without JavaScript', withoutScripts, { context, photographed: false });
} finally {
  await browser.close();
}
process.exitCode = conclude() ? 0 : 1;
