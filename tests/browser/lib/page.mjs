// The browser, and an eye on every page it shows.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { check, note } from './report.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: DESKTOP },
  { name: 'dark', colorScheme: 'dark', viewport: DESKTOP },
  { name: 'phone', colorScheme: 'light', viewport: PHONE },
];

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
    timeout: 60_000,
  });
}

/** A page that reports whatever a browser complains about. */
export async function open(browser, options) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => {
    const text = message.text();
    if (/content security policy|refused to/i.test(text)) check('no violation of the CSP', false, text);
  });
  page.on('pageerror', (error) => check('no script fails', false, error));
  page.on('dialog', (dialog) => {
    check('no dialog opens', false, dialog.message());
    dialog.dismiss();
  });
  page.on('response', (response) => {
    const [status, what] = [response.status(), `${response.request().method()} ${response.url()}`];
    // 503 with Retry-After is how a provider that is away is told of.
    const isAway = status === 503 && response.headers()['retry-after'];
    if (status >= 500 && !isAway) check('no answer is a server error', false, `${status} ${what}`);
    else if (status >= 400 && !response.request().isNavigationRequest()) {
      check('every part of a page is there', false, `${status} ${what}`);
    }
  });
  return page;
}

/** The headers every page owes. */
export async function checkHeaders(name, response) {
  const headers = await response.allHeaders();
  const csp = headers['content-security-policy'] ?? '';
  check(`${name}: may not be framed`, csp.includes("frame-ancestors 'none'"), csp);
  check(`${name}: the CSP allows no inline script`, !csp.includes("'unsafe-inline'") && csp !== '', csp);
  check(`${name}: the CSP leaves forms free to redirect`, !csp.includes('form-action'), csp);
  check(`${name}: its type is not guessed`, headers['x-content-type-options'] === 'nosniff');
  check(`${name}: is not kept`, (headers['cache-control'] ?? '').includes('no-store'), headers['cache-control']);
}

/** Looks at the page in light, in dark and on a phone: a picture, the accessibility rules, the width. */
export async function look(page, name) {
  const folder = process.env.SCREENSHOTS ?? 'screenshots';
  await mkdir(folder, { recursive: true });
  for (const { name: way, colorScheme, viewport } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.screenshot({ path: join(folder, `${name}-${way}.png`), fullPage: true, caret: 'initial' });
    await checkWidth(page, `${name}, ${way}`);
    await checkAccessibility(page, `${name}, ${way}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESKTOP);
}

export async function checkWidth(page, name) {
  const [wanted, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  check(`${name}: nothing sticks out sideways`, wanted <= given, `${wanted} of ${given} pixels`);
}

async function checkAccessibility(page, name) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    (values) => globalThis.axe.run({ runOnly: { type: 'tag', values }, resultTypes: ['violations'] }),
    RULES,
  );
  const told = violations.map(({ id, impact, help, nodes }) => ({
    grave: impact === 'serious' || impact === 'critical',
    text: `${impact}: ${id}, ${help}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
  }));
  const grave = told.filter((violation) => violation.grave);
  check(`${name}: accessible`, grave.length === 0, grave.map(({ text }) => text).join('\n'));
  for (const { text } of told.filter((violation) => !violation.grave)) note(`${name}: ${text}`);
}
