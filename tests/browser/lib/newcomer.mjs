// Somebody new who has nothing but a browser and its keyboard, finds things by the words on the page, and looks
// at every page once.

import { keyboard as hand } from './hand.mjs';
import { checkHeaders, look } from './page.mjs';
import { check } from './report.mjs';

const PATIENCE = 15_000; // milliseconds

export class Newcomer {
  constructor(page, gatepost) {
    Object.assign(this, { page, gatepost, seen: new Set() });
  }

  /** Opens an address by hand. */
  async open(address, name) {
    const response = await this.page.goto(new URL(address, this.gatepost.url).href);
    await checkHeaders(name, response);
    await this.#looks(name);
  }

  /** Follows a link, found by its words unless it is given. */
  follow(link, name) {
    return this.#leaves(typeof link === 'string' ? this.#one('link', link) : link, name);
  }

  /** Presses a button that leads on. */
  push(words, name) {
    return this.#leaves(this.#one('button', words), name);
  }

  async write(values) {
    for (const [label, text] of Object.entries(values)) {
      await hand.fill(this.page.getByLabel(label, { exact: true }), text);
    }
  }

  async tick(words) {
    await hand.tick(this.page.getByLabel(words));
  }

  /** Opens what asks once more. */
  async unfold(words) {
    await hand.press(this.page.locator('summary', { hasText: words }));
  }

  #one(role, name) {
    return this.page.locator('body').getByRole(role, { name, exact: true }).first();
  }

  async #leaves(locator, name) {
    await Promise.all([this.page.waitForEvent('load'), hand.press(locator)]);
    if (name) await this.#looks(name);
  }

  /** Each page once: in light, in dark, on a phone, held against the accessibility rules. */
  async #looks(name) {
    check(`${name}: one heading`, (await this.page.locator('h1').count()) === 1);
    if (this.seen.has(name)) return;
    this.seen.add(name);
    await look(this.page, `newcomer-${name}`);
  }

  /** Whether the page says so, in words that can be seen. */
  async reads(...phrases) {
    const text = (await this.page.locator('main').innerText()).replaceAll(/\s+/g, ' ');
    for (const words of phrases) {
      const found = words instanceof RegExp ? words.test(text) : text.includes(words);
      check(`${new URL(this.page.url()).pathname} says ${words}`, found, text);
    }
  }

  /** Reloads until the page says so: what is counted and noted is written a moment later. */
  async awaits(words) {
    const end = Date.now() + PATIENCE;
    const text = () => this.page.locator('main').innerText();
    while (!words.test(await text()) && Date.now() < end) await this.page.reload();
    check(`${new URL(this.page.url()).pathname} comes to say ${words}`, words.test(await text()), await text());
  }
}
