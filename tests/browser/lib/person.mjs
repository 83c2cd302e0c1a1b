// A person at a browser of theirs, with a Gatepost of their own.

import { createHmac } from 'node:crypto';
import { App } from './app.mjs';
import { Gatepost } from './gatepost.mjs';
import { mouse, tabTo } from './hand.mjs';
import { checkWidth, DESKTOP, look, open } from './page.mjs';
import { begin, check } from './report.mjs';

export const EMAIL = 'admin@example.com';
export const PASSWORD = 'pond lantern gravel swift';
const STEP = 30; // seconds

/** The code an app shows that was told this secret, some steps from now (RFC 6238). */
export function code(secret, steps = 0) {
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

export class Person {
  constructor(page, gatepost, photographed, hand) {
    Object.assign(this, { page, gatepost, photographed, hand, apps: [] });
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
    await Promise.all([this.page.waitForEvent('load'), this.hand.press(button)]);
  }

  /** Presses what leads to another page: a link, or a button. */
  async follow(locator, key = null) {
    const pressed = key ? tabTo(locator).then(() => this.page.keyboard.press(key)) : this.hand.press(locator);
    await Promise.all([this.page.waitForEvent('load'), pressed]);
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

/** One story, with a server that only it uses. */
export async function chapter(browser, name, story, how = {}) {
  const { settings = {}, context = {}, photographed = true, hand = mouse } = how;
  begin(name);
  const gatepost = await Gatepost.start(settings);
  const page = await open(browser, { viewport: DESKTOP, ...context });
  const person = new Person(page, gatepost, photographed, hand);
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
