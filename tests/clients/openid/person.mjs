// Plays the person who enters the code of a device, on another one.

import assert from 'node:assert/strict';
import { EMAIL, GATEPOST_URL } from '../expect.mjs';
import { forms, Jar } from '../login.mjs';

const jar = new Jar();

async function open(url, body) {
  const headers = { accept: 'text/html', cookie: jar.header(), ...(body && { origin: GATEPOST_URL }) };
  const response = await fetch(url, { method: body ? 'POST' : 'GET', body, headers, redirect: 'manual' });
  jar.take(response);
  const location = response.headers.get('location');
  return location ? open(new URL(location, url)) : { url, status: response.status, page: await response.text() };
}

/** The person's way from where the device sends them to the page that says it is done. */
export async function decide(start, code, decision) {
  const pages = [];
  let at = await open(new URL(start));
  for (let step = 0; step < 6; step += 1) {
    assert.equal(at.status, 200, at.page);
    const form = forms(at.page).find(({ fields }) => fields.some(({ name }) => /^(password|user_code)$/.test(name)));
    if (!form) return { pages, page: at.page };
    const has = (name) => form.fields.some((field) => field.name === name);
    pages.push(has('password') ? 'login' : has('decision') ? 'consent' : 'code');
    const values = {
      email: EMAIL, password: process.env.GATEPOST_TEST_PASSWORD, ...(!has('decision') && { user_code: code }), decision,
    };
    const body = new URLSearchParams(form.fields
      .filter(({ name, type, checked, value }) => name && (type !== 'checkbox' || checked)
        && (type !== 'submit' || value === decision))
      .map(({ name, value }) => [name, values[name] ?? value]));
    at = await open(new URL(form.action || at.url, at.url), body);
  }
  throw new Error(`no end: ${pages}`);
}
