// Signing in with more than a password: passkeys with Chromium's virtual authenticator, an authenticator app,
// recovery codes, a second factor that is required, and all of it without JavaScript as far as it goes.

import { setDefaultResultOrder } from 'node:dns';
import { keyboard } from './lib/hand.mjs';
import { launch } from './lib/page.mjs';
import { chapter, code } from './lib/person.mjs';
import { check, conclude } from './lib/report.mjs';

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
