// Small pictures of the main pages, in light and dark, with tidy sample data: what docs/screenshots shows.
//
//   node pictures.mjs [FOLDER]     writes them there; without a folder it only looks whether they can be made

import { setDefaultResultOrder } from 'node:dns';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './lib/page.mjs';
import { chapter } from './lib/person.mjs';
import { check, conclude } from './lib/report.mjs';

const VIEW = { width: 1280, height: 860 };
const SCALE = 0.75;
const MARGIN = 24;
const MOST = 60_000; // bytes of one picture
const NOTES = 'https://notes.example.com/mcp';
const APPS = ['Claude Code', 'Visual Studio Code', 'Cursor', 'MCP Inspector', 'Report builder'];
const [folder] = process.argv.slice(2);

/** The page as it is now, twice; with `card` only the card in its middle, however high it is. */
async function picture({ page }, name, { card } = {}) {
  const session = await page.context().newCDPSession(page);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    const box = card ? await page.locator('.card').first().boundingBox() : { x: 0, y: 0, ...VIEW };
    const margin = card ? MARGIN : 0;
    const clip = {
      x: box.x - margin,
      y: box.y - margin,
      width: box.width + 2 * margin,
      height: box.height + 2 * margin,
      scale: SCALE,
    };
    const how = { format: 'webp', quality: 80, captureBeyondViewport: true, clip };
    const { data } = await session.send('Page.captureScreenshot', how);
    const bytes = Buffer.from(data, 'base64');
    check(`${name}, ${colorScheme}: is small`, bytes.length <= MOST, `${bytes.length} bytes`);
    if (folder) await writeFile(join(folder, `${name}-${colorScheme}.webp`), bytes);
  }
  await session.detach();
  await page.emulateMedia({ colorScheme: 'light' });
}

async function visit(person, path, name, how) {
  await person.visit(path);
  await picture(person, name, how);
}

async function send(person, path, fields) {
  await person.visit(path);
  for (const [label, text] of Object.entries(fields)) await person.page.getByLabel(label, { exact: true }).fill(text);
  await person.press(path);
}

/** The address of its pages. */
async function addResource(person) {
  await send(person, '/admin/resources/new', { Name: 'Notes', 'Public URL': NOTES });
  const { pathname } = new URL(person.page.url());
  const scopes = [
    ['notes:read', 'Read your notes', 'read_notes'],
    ['notes:write', 'Change your notes', 'clear_notes'],
  ];
  for (const [name, description, tool] of scopes) {
    const fields = { Name: name, 'What it permits': description, 'Tools it opens': tool };
    await send(person, `${pathname}/scopes/add`, fields);
  }
  return pathname;
}

async function addPeople(person) {
  for (const name of ['Editor', 'Analyst', 'Support']) {
    await person.gatepost.run(['user', 'create', '--email', `${name.toLowerCase()}@example.com`, '--name', name]);
  }
}

/** Apps come and are allowed, but for the last. */
async function addApps(person) {
  for (const name of APPS) {
    const app = await person.ask(name);
    if (name !== 'MCP Inspector') await person.page.goto(app.ask({ resource: NOTES, scope: 'notes:read notes:write' }));
    if (name !== APPS.at(-1)) await person.allow(app);
  }
  await picture(person, 'consent', { card: true });
  await person.press('/consent'); // its first button says no
}

async function pictures(person) {
  await person.setUp();
  await addPeople(person);
  const resource = await addResource(person);
  await addApps(person);
  await visit(person, '/admin', 'home');
  await visit(person, resource, 'quickstart');
  await visit(person, '/admin/clients', 'clients');
  await visit(person, '/admin/people', 'people');
  await visit(person, '/admin/grants', 'grants');
  await visit(person, '/admin/audit', 'audit');
  await visit(person, '/account/apps', 'apps');
  await person.signOut();
  await visit(person, '/login', 'login', { card: true });
}

setDefaultResultOrder('ipv4first');
if (folder) await mkdir(folder, { recursive: true });
const browser = await launch();
try {
  await chapter(browser, 'Pictures', pictures, { photographed: false, context: { viewport: VIEW } });
} finally {
  await browser.close();
}
process.exitCode = conclude() ? 0 : 1;
