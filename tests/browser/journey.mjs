// A person's journey through every page, four times, each with a new Gatepost: with a mouse, without
// JavaScript, on a phone, and with nothing but a keyboard. With the mouse every page is also photographed
// and held against the accessibility rules.

import { setDefaultResultOrder } from 'node:dns';
import { account } from './lib/account.mjs';
import { App } from './lib/app.mjs';
import { Gatepost } from './lib/gatepost.mjs';
import { keyboard, mouse, touch } from './lib/hand.mjs';
import { checkHeaders, checkWidth, DESKTOP, launch, look, open, PHONE } from './lib/page.mjs';
import { begin, check, conclude } from './lib/report.mjs';

const EMAIL = 'ada@example.org';
const PASSWORD = 'pond lantern gravel swift';
const TRICKY_NAME = `Tricky <b>bold</b> "quoted" <script>document.title = 'taken'</script>`;

const PROFILES = [
  { name: 'With a mouse', hand: mouse, context: { viewport: DESKTOP }, photographed: true },
  { name: 'Without JavaScript', hand: mouse, context: { viewport: DESKTOP, javaScriptEnabled: false } },
  {
    name: 'On a phone',
    hand: touch,
    context: { viewport: PHONE, isMobile: true, hasTouch: true, colorScheme: 'dark' },
  },
  { name: 'With a keyboard', hand: keyboard, context: { viewport: DESKTOP } },
];

class Journey {
  constructor(profile, page, gatepost) {
    Object.assign(this, { profile, page, gatepost, hand: profile.hand });
    this.apps = [];
  }

  async all() {
    await this.beforeSetUp();
    await this.setUp();
    await this.home();
    await this.firstAuthorization();
    await this.secondAuthorization();
    await this.denial();
    await account(this, EMAIL, PASSWORD);
    await this.signOut();
    await this.signInForAnApp();
    await this.refusals();
  }

  async beforeSetUp() {
    await this.visit('/', 'home-before-setup');
    await this.says('home-before-setup', /set-up link/i);
    await this.visit('/login', 'login');
  }

  async setUp() {
    const link = this.gatepost.setupLink;
    await this.visit(link, 'setup');
    await this.fill({ email: EMAIL, password: PASSWORD, password_again: `${PASSWORD} not` });
    await this.press('form[action="/setup"] button[type=submit]');
    await this.shows('setup-problem');
    await this.says('setup-problem', /password/i, '[role=alert]:not([hidden])');
    check('setup-problem: keeps the email', (await this.field('email').inputValue()) === EMAIL);

    await this.fill({ password: PASSWORD, password_again: PASSWORD });
    await this.press('form[action="/setup"] button[type=submit]');
    check('after set-up the link is left behind', !this.page.url().includes('/setup'), this.page.url());
    await this.shows('after-setup');
    await this.visit('/account', 'account');
    await this.says('account', EMAIL);

    const status = await this.visit(link, 'setup-link-used');
    check('a used set-up link is refused', status >= 400 && status < 500, status);
    check('a used set-up link shows no form', (await this.page.locator('form[action="/setup"]').count()) === 0);
  }

  async home() {
    await this.visit('/', 'home');
    await this.says('home', `${this.gatepost.url}/mcp`);
    const cookies = await this.page.context().cookies();
    check('cookies are out of reach of scripts', cookies.length > 0 && cookies.every((each) => each.httpOnly));
    check('cookies stay on this site', cookies.every((each) => ['Lax', 'Strict'].includes(each.sameSite)));
  }

  async firstAuthorization() {
    const app = (this.app = await this.register('Reading Lamp'));
    await this.visit(app.ask(), 'consent');
    await this.says('consent', app.name);
    await this.says('consent', new URL(app.redirectUri).hostname);
    await this.says('consent', `${this.gatepost.url}/mcp`);
    await this.says('consent', EMAIL);
    for (const tool of ['web_search', 'web_extract']) await this.says('consent', tool);
    const scope = await this.page.locator('form[action="/consent"] label').first().innerText();
    check('consent: describes the scope', /\w+ \w+/.test(scope), scope);
    await this.decide('allow');
    await this.granted(app);
  }

  async secondAuthorization() {
    const { app } = this;
    await this.page.goto(app.ask());
    if (app.answered) check('the second time nothing is asked', true);
    else {
      await this.shows('consent-again');
      await this.decide('allow');
    }
    await this.granted(app);
  }

  async denial() {
    const app = await this.register(TRICKY_NAME);
    await this.visit(app.ask(), 'consent-tricky-name');
    await this.says('consent-tricky-name', '<b>bold</b>');
    check('a name is only text', !(await this.page.title()).includes('taken'));
    await this.decide('deny');
    await this.denied(app);
  }

  async signOut() {
    const status = await this.visit('/logout', 'logout');
    check('asking to sign out is a page', status < 400, status);
    await this.visit('/account', 'account');
    await this.says('account', EMAIL); // a GET signs nobody out
    await this.press('form[action="/logout"] button[type=submit]');
    await this.shows('signed-out');
    await this.page.goto(`${this.gatepost.url}/account`);
    check('the account is closed again', this.page.url().includes('/login'), this.page.url());
  }

  async signInForAnApp() {
    const app = await this.register('Night Train');
    await this.visit(app.ask(), 'login-for-an-app');
    await this.fill({ email: EMAIL, password: `${PASSWORD} not` });
    await this.press('form[action="/login"] button[type=submit]');
    await this.shows('login-problem');
    await this.says('login-problem', /password/i, '[role=alert]:not([hidden])');
    check('login-problem: keeps the email', (await this.field('email').inputValue()) === EMAIL);

    await this.fill({ password: PASSWORD });
    await this.press('form[action="/login"] button[type=submit]');
    await this.shows('consent-after-login');
    await this.says('consent-after-login', app.name);
    await this.decide('allow');
    await this.granted(app);
  }

  async refusals() {
    const { app } = this;
    const errors = [
      ['error-unknown-client', app.ask({ client_id: 'nobody-knows-me' })],
      ['error-redirect', app.ask({ redirect_uri: 'https://elsewhere.example/callback' })],
      ['error-not-found', '/no-such-page'],
    ];
    for (const [name, address] of errors) {
      const status = await this.visit(address, name);
      check(`${name}: refused`, status >= 400 && status < 500, status);
      check(`${name}: stays here`, this.page.url().startsWith(this.gatepost.url), this.page.url());
      check(`${name}: one heading`, (await this.page.locator('h1').count()) === 1);
    }
    await this.page.goto(app.ask({ code_challenge_method: 'plain' }));
    const answer = await app.answer();
    check('plain PKCE goes back to the app', answer.get('error') === 'invalid_request', answer);
    check('no secret is printed', !this.gatepost.output.includes(PASSWORD));
  }

  // What a person does.

  async visit(address, name) {
    const url = new URL(address, this.gatepost.url).href;
    const response = await this.page.goto(url);
    await checkHeaders(name, response);
    await this.shows(name);
    return response.status();
  }

  field(name) {
    return this.page.locator(`input[name="${name}"]`);
  }

  async fill(values) {
    for (const [name, value] of Object.entries(values)) await this.hand.fill(this.field(name), value);
  }

  /** Presses a button, and waits for the page it leads to. */
  async press(selector) {
    await Promise.all([this.page.waitForEvent('load'), this.hand.press(this.page.locator(selector))]);
  }

  decide(decision) {
    return this.press(`form[action="/consent"] button[name=decision][value=${decision}]`);
  }

  // What comes of it.

  async shows(name) {
    if (this.profile.photographed) await look(this.page, name);
    else await checkWidth(this.page, name);
  }

  async says(name, words, where = 'body') {
    const text = await this.page.locator(where).innerText();
    const found = words instanceof RegExp ? words.test(text) : text.includes(words);
    check(`${name}: says ${words}`, found, text);
  }

  async register(name) {
    const app = await App.register(this.gatepost.url, name);
    this.apps.push(app);
    return app;
  }

  async granted(app) {
    const answer = await app.answer();
    this.#comesFromHere(app, answer);
    const { status, body } = await app.exchange(answer.get('code'));
    const good = status === 200 && body.token_type === 'Bearer' && body.access_token && body.refresh_token;
    app.refreshToken = body.refresh_token;
    check(`${app.name}: gets its tokens`, good, `${status} ${JSON.stringify(Object.keys(body))} ${body.error}`);
    check(`${app.name}: gets the scope`, body.scope?.split(' ').includes('search:read'), body.scope);
  }

  async denied(app) {
    const answer = await app.answer();
    this.#comesFromHere(app, answer);
    check(`${app.name}: is told of the denial`, answer.get('error') === 'access_denied', answer);
    check(`${app.name}: gets no code`, !answer.has('code'), answer);
  }

  #comesFromHere(app, answer) {
    check(`${app.name}: gets its state back`, answer.get('state') === app.state, answer);
    check(`${app.name}: is told the issuer`, answer.get('iss') === this.gatepost.url, answer);
  }

  async close() {
    for (const app of this.apps) await app.close();
  }
}

async function travel(browser, profile) {
  begin(profile.name);
  const gatepost = await Gatepost.start();
  const page = await open(browser, profile.context);
  const journey = new Journey(profile, page, gatepost);
  try {
    await journey.all();
  } catch (error) {
    const seen = await page.innerText('body').catch(() => '');
    check('the journey arrives', false, `${error.stack}\nat ${page.url()}\n${seen}\n\nGatepost printed:\n${gatepost.output}`);
  } finally {
    await page.context().close();
    await journey.close();
    await gatepost.stop();
  }
}

setDefaultResultOrder('ipv4first');
const browser = await launch();
try {
  for (const profile of PROFILES) await travel(browser, profile);
} finally {
  await browser.close();
}
process.exitCode = conclude() ? 0 : 1;
