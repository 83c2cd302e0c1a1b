// The account: what is connected and how it ends, where somebody is signed in, what happened, a copy of it all,
// and the end of the account itself.

import { readFile } from 'node:fs/promises';
import { open } from './page.mjs';
import { check } from './report.mjs';

const OTHER = 'bob@example.com';
const PASSWORD = 'meadow copper window quiet';

/** `journey` is signed in and has connected `app`. */
export async function account(journey, email, password) {
  await rename(journey);
  await otherSignIn(journey, email, password);
  await activity(journey);
  await copy(journey, email);
  await lastAdministrator(journey, email);
  await disconnect(journey);
  await deletion(journey);
}

async function rename(journey) {
  await journey.visit('/account', 'account');
  await journey.fill({ name: 'Ada <b>L.</b>' });
  await journey.press('form[action="/account"] button[type=submit]');
  await journey.shows('account-renamed');
  await journey.says('account-renamed', 'Your name is saved.');
  check('account-renamed: keeps the name as text', (await journey.field('name').inputValue()) === 'Ada <b>L.</b>');
}

async function otherSignIn(journey, email, password) {
  const there = await elsewhere(journey);
  await signIn(there, journey.gatepost.url, email, password);
  await journey.visit('/account/sessions', 'account-sessions');
  await journey.says('account-sessions', 'This browser');
  await journey.press('.item form[action="/account/sessions"] button');
  await journey.shows('account-session-ended');
  await journey.says('account-session-ended', 'That sign-in has ended.');
  await there.goto(`${journey.gatepost.url}/account`);
  check('the other browser is signed out', there.url().includes('/login'), there.url());
  await there.context().close();
}

async function activity(journey) {
  await journey.visit('/account/activity', 'account-activity');
  for (const words of [`You connected ${journey.app.name}.`, 'You signed in with password.', 'You ended a sign-in.']) {
    await journey.says('account-activity', words);
  }
}

async function copy(journey, email) {
  await journey.visit('/account/data', 'account-data');
  const [download] = await Promise.all([
    journey.page.waitForEvent('download'),
    journey.hand.press(journey.page.locator('form[action="/account/data/export"] button')),
  ]);
  check('the copy has a name', download.suggestedFilename() === 'gatepost-data.json', download.suggestedFilename());
  const data = JSON.parse(await readFile(await download.path(), 'utf8'));
  check('the copy is of this person', data.profile[0].email === email, data.profile);
  check('the copy knows the app', data.consents.some((each) => each.client_name === journey.app.name));
}

async function lastAdministrator(journey, email) {
  await journey.visit('/account/data', 'account-data');
  await unfold(journey, 'details.confirm');
  await journey.fill({ email });
  await journey.press('form[action="/account/data/delete"] button');
  await journey.shows('account-data-problem');
  await journey.says('account-data-problem', /only administrator/, '[role=alert]');
}

async function disconnect(journey) {
  await journey.visit('/account/apps', 'account-apps');
  await journey.says('account-apps', journey.app.name);
  await journey.says('account-apps', 'web_search');
  await unfold(journey, '.item details.confirm');
  await journey.shows('account-apps-asking');
  await journey.press('.item details[open] button');
  await journey.shows('account-apps-none');
  await journey.says('account-apps-none', 'The app is disconnected.');
  await journey.says('account-apps-none', 'No app is connected.');
  const { status, body } = await journey.app.refresh();
  check('the disconnected app is out', status === 400 && body.error === 'invalid_grant', `${status} ${body.error}`);
}

async function deletion(journey) {
  await journey.gatepost.run(['user', 'create', '--email', OTHER, '--password-stdin'], PASSWORD);
  const there = await elsewhere(journey);
  await signIn(there, journey.gatepost.url, OTHER, PASSWORD);
  const here = journey.page;
  journey.page = there;
  await journey.visit('/account/data', 'account-data');
  await unfold(journey, 'details.confirm');
  await journey.fill({ email: OTHER });
  await journey.press('form[action="/account/data/delete"] button');
  await journey.shows('account-deleted');
  await journey.says('account-deleted', 'Your account is deleted');
  await there.goto(`${journey.gatepost.url}/account`);
  check('a deleted person is signed out', there.url().includes('/login'), there.url());
  await there.context().close();
  journey.page = here;
}

/** Opens what asks once more; nothing loads. */
async function unfold(journey, selector) {
  const details = journey.page.locator(selector).first();
  await journey.hand.press(details.locator('summary'));
  await details.locator('button').waitFor();
}

/** Another browser of the same kind. */
function elsewhere(journey) {
  return open(journey.page.context().browser(), journey.profile.context);
}

async function signIn(page, url, email, password) {
  await page.goto(`${url}/login`);
  await page.locator('input[name=email]').fill(email);
  await page.locator('input[name=password]').fill(password);
  await Promise.all([page.waitForEvent('load'), page.locator('form[action="/login"] button').click()]);
  check(`${email} is signed in elsewhere`, page.url() === `${url}/account`, page.url());
}
