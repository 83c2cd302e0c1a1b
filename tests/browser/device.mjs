// A device without a browser: it shows a code, and a person connects it with a browser of theirs, by typing the code
// or by following the link; and one that nobody here asked for.

import { keyboard, mouse } from './lib/hand.mjs';
import { launch } from './lib/page.mjs';
import { chapter } from './lib/person.mjs';
import { check, conclude } from './lib/report.mjs';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';

/** The device: it asks for codes, and fetches its tokens. */
class Device {
  static async register(issuer, name) {
    const device = Object.assign(new Device(), { issuer });
    const response = await fetch(`${issuer}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: name, grant_types: [GRANT_TYPE] }),
    });
    device.clientId = (await response.json()).client_id;
    return device;
  }

  async ask() {
    this.codes = await this.#post('/oauth/device_authorization', { scope: 'search:read email' });
    check('the device has its codes', /^[B-Z]{4}-[B-Z]{4}$/.test(this.codes.user_code), this.codes);
    return this.codes;
  }

  fetch() {
    return this.#post('/oauth/token', { grant_type: GRANT_TYPE, device_code: this.codes.device_code });
  }

  async #post(path, form) {
    const body = new URLSearchParams({ client_id: this.clientId, ...form });
    return (await fetch(`${this.issuer}${path}`, { method: 'POST', body })).json();
  }
}

async function decide(person, decision) {
  await person.follow(person.page.locator(`form[action="/device"] button[value=${decision}]`));
}

async function typed(person, device) {
  const { user_code: code, verification_uri: url } = await device.ask();
  await person.visit(url, 'device');
  await person.field('user_code').fill('BCDF-GHJK');
  await person.press('/device');
  await person.says('No device waits with that code');
  await person.shows('device-wrong');
  await person.field('user_code').fill(code.toLowerCase().replace('-', ' '));
  await person.press('/device');
  await person.says(code);
  await person.says('Only go on if you started this yourself');
  await person.says('127.0.0.1');
  await person.shows('device-confirm');
  check('it waits', (await device.fetch()).error === 'authorization_pending');
  await person.page.getByLabel('See your e-mail address').uncheck();
  await decide(person, 'allow');
  await person.says('You can go back to your device');
  await person.shows('device-connected');
  const tokens = await device.fetch();
  check('the device gets its tokens, and not what was unticked', tokens.scope === 'search:read', tokens);
  await person.visit('/account/apps');
  await person.says('Television');
}

async function sent(person, device) {
  await person.signOut();
  const { user_code: code, verification_uri_complete: url } = await device.ask();
  await person.visit(url);
  person.at('/login');
  await person.password();
  person.at('/device');
  check('the code is filled in', (await person.field('user_code').inputValue()) === code);
  await person.shows('device-sent');
  await person.press('/device');
  await decide(person, 'deny');
  await person.says('The device gets no access');
  check('the device is told', (await device.fetch()).error === 'access_denied');
}

const browser = await launch();
try {
  for (const javaScriptEnabled of [true, false]) {
    const name = javaScriptEnabled ? 'A device' : 'A device, without JavaScript, with a keyboard';
    const story = async (person) => {
      await person.setUp();
      const device = await Device.register(person.gatepost.url, 'Television');
      await typed(person, device);
      await sent(person, device);
    };
    await chapter(browser, name, story, {
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
