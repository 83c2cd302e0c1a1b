// Plays the person at the browser: follows an authorization URL through the log-in and consent
// pages over plain HTTP with cookies, and stops at the redirect back to the client.
//
// Forms are taken as the server wrote them (action, method and every input), so a renamed hidden
// field is no failure, and a page that cannot be submitted without JavaScript is one.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const STEPS = 12;

/** Cookies of one browser. Names are enough: every page lives on one host. */
export class Jar {
  #cookies;

  constructor(saved = []) {
    this.#cookies = new Map(saved);
  }

  /** For a browser that is closed and opened again. */
  toJSON() {
    return [...this.#cookies];
  }

  take(response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...rest] = line.split(';');
      const name = pair.slice(0, pair.indexOf('=')).trim();
      const value = pair.slice(pair.indexOf('=') + 1).trim();
      const gone = rest.some((part) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(part));
      if (gone || value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }

  header() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

/**
 * Walks from `url` to the client's redirect URI.
 *
 * `scopes` says which consent boxes are ticked: 'offered' leaves the page as it came, 'none' unticks
 * every box, an array ticks exactly those. Returns the full redirect, its query, and what was seen.
 */
export async function authorize(url, options = {}) {
  const person = {
    email: options.email ?? process.env.GATEPOST_TEST_EMAIL,
    password: options.password ?? process.env.GATEPOST_TEST_PASSWORD,
  };
  assert.ok(person.email && person.password, 'set GATEPOST_TEST_EMAIL and GATEPOST_TEST_PASSWORD');
  const jar = options.jar ?? new Jar();
  const start = new URL(url);
  const redirectUri = start.searchParams.get('redirect_uri');
  assert.ok(redirectUri, `no redirect_uri in ${url}`);

  const seen = { pages: [], offered: [], consent: '' };
  let request = { url: start, method: 'GET' };
  for (let step = 0; step < STEPS; step += 1) {
    const response = await send(request, jar);
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location) {
      await response.body?.cancel();
      if (location.startsWith(redirectUri)) {
        return { ...seen, location, params: new URL(location).searchParams };
      }
      const next = new URL(location, request.url);
      assert.equal(next.origin, start.origin, `sent to a foreign address: ${location}`);
      request = { url: next, method: 'GET' };
      continue;
    }
    const page = await response.text();
    assert.equal(response.status, 200, `${request.method} ${request.url} -> ${response.status}: ${words(page)}`);
    request = answer(page, request.url, person, options, seen);
  }
  throw new Error(`no redirect to ${redirectUri} after ${STEPS} steps; pages seen: ${seen.pages}`);
}

/** One request; a server that asks to wait a little is waited for, as a person would. */
async function send(request, jar) {
  for (let attempt = 0; ; attempt += 1) {
    const response = await sendOnce(request, jar);
    const wait = Number(response.headers.get('retry-after'));
    if (response.status !== 429 || attempt === 2 || !(wait > 0 && wait <= 10)) return response;
    await response.body?.cancel();
    await sleep(wait * 1000);
  }
}

async function sendOnce({ url, method, body }, jar) {
  const headers = { accept: 'text/html,application/xhtml+xml' };
  if (jar.header()) headers.cookie = jar.header();
  if (body) {
    headers['content-type'] = 'application/x-www-form-urlencoded';
    headers.origin = url.origin;
  }
  const response = await fetch(url, {
    method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(15_000),
  });
  jar.take(response);
  return response;
}

/** Decides which page this is and fills its form in. */
function answer(page, pageUrl, person, options, seen) {
  const found = forms(page);
  const login = found.find((form) => form.fields.some((field) => field.type === 'password'));
  if (login) {
    assert.ok(!seen.pages.includes('login'), `log-in refused: ${words(page)}`);
    seen.pages.push('login');
    return submission(login, pageUrl, { email: person.email, password: person.password });
  }
  const consent = found.find((form) => form.fields.some((field) => field.name === 'decision'));
  if (consent) {
    assert.ok(!seen.pages.includes('consent'), `consent asked again: ${words(page)}`);
    seen.pages.push('consent');
    seen.consent = words(page, Infinity);
    const boxes = consent.fields.filter((field) => field.type === 'checkbox' && field.name === 'scope');
    seen.offered = consent.fields.filter((field) => field.name === 'scope').map((field) => field.value);
    tick(boxes, options.scopes ?? 'offered');
    return submission(consent, pageUrl, { decision: options.decision ?? 'allow' });
  }
  throw new Error(`neither a log-in nor a consent form at ${pageUrl}: ${words(page)}`);
}

function tick(boxes, wanted) {
  if (wanted === 'offered') return;
  for (const box of boxes) {
    if (!box.disabled) box.checked = Array.isArray(wanted) && wanted.includes(box.value);
  }
}

/** What a browser would send: enabled fields, ticked boxes, and only the button that was pressed. */
function submission(form, pageUrl, values) {
  const body = new URLSearchParams();
  const pressed = new Set();
  for (const field of form.fields) {
    if (!field.name || field.disabled) continue;
    if (field.type === 'submit' || field.type === 'button' || field.type === 'image') {
      if (values[field.name] === field.value) {
        body.append(field.name, field.value);
        pressed.add(field.name);
      }
    } else if (field.type === 'checkbox' || field.type === 'radio') {
      if (field.checked) body.append(field.name, field.value);
    } else {
      body.append(field.name, values[field.name] ?? field.value);
      pressed.add(field.name);
    }
  }
  for (const name of Object.keys(values)) {
    assert.ok(pressed.has(name), `the form at ${pageUrl} has no field or button ${name}=${values[name]}`);
  }
  assert.equal(form.method, 'post', `the form at ${pageUrl} must be a POST`);
  return { url: new URL(form.action || pageUrl, pageUrl), method: 'POST', body };
}

/** Every form of the page with its inputs and buttons, in order. */
export function forms(page) {
  const html = page.replace(/<!--[\s\S]*?-->|<script[\s\S]*?<\/script>/gi, '');
  const found = [];
  let open = null;
  for (const [, closing, name, rest] of html.matchAll(/<(\/?)(form|input|button)\b((?:"[^"]*"|'[^']*'|[^"'>])*)>/gi)) {
    const tag = name.toLowerCase();
    if (tag === 'form') {
      open = null;
      if (!closing) {
        const at = attributes(rest);
        open = { action: at.action, method: (at.method ?? 'get').toLowerCase(), fields: [] };
        found.push(open);
      }
    } else if (open && !closing) {
      const at = attributes(rest);
      open.fields.push({
        name: at.name,
        type: (at.type ?? (tag === 'button' ? 'submit' : 'text')).toLowerCase(),
        value: at.value ?? (at.type === 'checkbox' ? 'on' : ''),
        checked: 'checked' in at,
        disabled: 'disabled' in at,
      });
    }
  }
  return found;
}

function attributes(text) {
  const found = {};
  for (const [, name, double, single, bare] of text.matchAll(/([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g)) {
    found[name.toLowerCase()] = decode(double ?? single ?? bare ?? '');
  }
  return found;
}

function decode(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, number, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (number) return String.fromCodePoint(Number(number));
    return named[name] ?? whole;
  });
}

/** The visible words of a page, for error messages and for reading the consent page. */
function words(page, limit = 400) {
  const text = decode(page.replace(/<(script|style|head)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' '));
  return text.replace(/\s+/g, ' ').trim().slice(0, limit);
}
