// A newcomer's first hour, with nothing but a browser: the first administrator, a resource for a server that runs
// elsewhere, a client for it, and an MCP client that logs in, does its work, asks for more, and is put out.
//
//   node newcomer.mjs [postgres://…]     on another database than SQLite in an empty directory

import { setDefaultResultOrder } from 'node:dns';
import { Agent, Callback } from '../clients/agent.mjs';
import { Gatepost } from './lib/gatepost.mjs';
import { Newcomer } from './lib/newcomer.mjs';
import { Notes } from './lib/notes.mjs';
import { DESKTOP, launch, open } from './lib/page.mjs';
import { begin, check, conclude } from './lib/report.mjs';

const EMAIL = 'admin@example.com';
const PASSWORD = 'pond lantern gravel swift';

/** From the link that the server prints to its home page. */
async function setsUp(person) {
  await person.open(person.gatepost.setupLink, 'set-up');
  await person.write({ 'Your email': EMAIL, 'New password': PASSWORD, 'The same password again': PASSWORD });
  await person.push('Create administrator', 'home-new');
  await person.reads('Next steps', `claude mcp add --transport http gatepost ${person.gatepost.url}/mcp`);
}

async function addsResource(person, notes) {
  await person.follow('Resources', 'resources');
  await person.reads('No server elsewhere is protected yet');
  await person.follow('Add a resource', 'resource-new');
  await person.write({ Name: 'Notes', 'Public URL': notes.url });
  await person.push('Add', 'quickstart');
  await person.reads('It is added', notes.url, person.gatepost.url, 'at+jwt', `${person.gatepost.url}/keys`);
  await addsScope(person, 'notes:read', 'Read your notes', 'read_notes');
  await addsScope(person, 'notes:write', 'Change your notes', 'clear_notes');
  await person.follow('Quickstart', 'quickstart');
  await person.push('Test it', 'tested');
  await person.reads('Apps find everything they need.');
}

async function addsScope(person, name, description, tool) {
  await person.follow('Scopes', 'scopes');
  await person.follow('Add a scope', 'scope-new');
  await person.write({ Name: name, 'What it permits': description, 'Tools it opens': tool });
  await person.push('Add the scope', 'scopes-some');
  await person.reads('The scope is added', name, description, tool);
}

/** A client for an app that cannot register itself: its id. */
async function addsClient(person, notes, callback) {
  await person.follow('Clients', 'clients');
  await person.reads('No client yet');
  await person.follow('Add a client', 'client-kinds');
  await person.follow('Choose An app without a secret', 'client-new');
  await person.write({ Name: 'Note taker', 'Redirect URIs': callback.url });
  await person.push('Add the client', 'client-added');
  await person.reads('It is added', 'PKCE', notes.url, person.gatepost.url);
  const id = (await person.page.locator('#client-id').innerText()).trim();
  await person.follow('Done', 'client-unused');
  await person.reads('Note taker', callback.url);
  return id;
}

/** The client connects, and a person agrees in the same browser. */
async function connects(person, agent, url, page) {
  check('the client asks for a login', (await agent.connect(url)) === false);
  await person.open(agent.address, page);
  await person.reads('Note taker', url);
}

async function allows(person, agent) {
  await person.push('Allow');
  await person.reads('Back in the app');
  await agent.finish();
}

async function works(person, agent, notes) {
  await connects(person, agent, notes.url, 'consent');
  await person.reads('Read your notes', 'read_notes', '127.0.0.1', EMAIL);
  await allows(person, agent);
  check('the client is connected', await agent.connect(notes.url));
  check('a tool of its scope answers', (await agent.call('read_notes')) === 'oil the hinges');
}

async function asksForMore(person, agent) {
  check('a tool beyond its scope asks for more', (await agent.call('clear_notes')) === undefined);
  await person.open(agent.address, 'consent-more');
  await person.reads('Change your notes', 'clear_notes', 'You allowed this before');
  await allows(person, agent);
  check('then it answers', (await agent.call('clear_notes')) === 'nothing is left');
}

/** The same client at the tools of Gatepost itself. */
async function usesBuiltIn(person, agent) {
  const url = `${person.gatepost.url}/mcp`;
  await connects(person, agent, url, 'consent-built-in');
  await allows(person, agent);
  check('the client is connected to the built-in server', await agent.connect(url));
  check('whoami knows the person', (await agent.call('whoami')).includes(EMAIL));
}

/** What the administrator sees of it all. */
async function watches(person) {
  await person.open('/admin', 'home-in-use');
  await person.awaits(/Logins of apps used in the last hour\s+[1-9]/);
  await person.reads(/claude mcp add --transport http notes http/);
  await person.follow('Clients', 'clients-some');
  await person.reads('Note taker');
  await person.follow('Note taker', 'client');
  await person.follow('Timeline', 'timeline');
  await person.awaits(/Token issued[^]+Access allowed[^]+App asked for access/);
  await person.reads(EMAIL, 'Notes', 'Gatepost tools');
  await person.follow('Token issued', 'story-of-a-token');
  await person.reads('Note taker');
}

/** Ends what it holds for one resource: what the server elsewhere may still believe, no refresh repairs. */
async function endsGrants(person, agent) {
  await person.follow('Grants', 'grants');
  const row = person.page.getByRole('row', { name: /Note taker.*notes:read notes:write/ });
  await person.follow(row.getByRole('link', { name: 'Note taker' }), 'grant');
  await person.reads('Live', 'Read your notes', 'Change your notes');
  await person.unfold('End this grant');
  await person.push('End it now', 'grant-ended');
  await person.reads('Their access has ended.', 'Ended');
  agent.loseAccessToken();
  check('its login cannot be renewed', (await agent.call('read_notes')) === undefined);
}

/** Ends everything between person and client: the built-in server knows at once. */
async function endsBuiltIn(person, agent) {
  await person.follow('Grants', 'grants');
  const row = person.page.getByRole('row', { name: /Note taker.*Gatepost tools/ });
  await person.follow(row.getByRole('link', { name: 'Note taker' }), 'grant');
  await person.unfold('End everything this person gave this client');
  check('until then a call is answered', (await agent.call('whoami')).includes(EMAIL));
  await person.push('End all of them now');
  const after = await status(person, agent);
  check('a call right after it is refused', after === 401, after);
  await person.reads('Their access has ended.');
}

/** The status of one call at the built-in server with the token the client holds. */
async function status(person, agent) {
  const response = await fetch(`${person.gatepost.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${agent.tokens().access_token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}',
  });
  await response.body?.cancel();
  return response.status;
}

/** New keys; the client logs in again, and both servers believe it. */
async function rotatesKeys(person, agent, notes) {
  await person.follow('Keys', 'keys');
  await person.follow('Rotate ES256', 'rotate');
  await person.tick(/Do not wait/);
  await person.push('Rotate now', 'keys-rotated');
  await person.reads('The new key signs from now on', 'retired');
  await connects(person, agent, notes.url, 'consent');
  await allows(person, agent);
  check('the client is connected again', await agent.connect(notes.url));
  check('a token of the new key is believed', (await agent.call('read_notes')) === 'oil the hinges');
}

async function story(person, notes, callback) {
  await setsUp(person);
  await addsResource(person, notes);
  const id = await addsClient(person, notes, callback);
  const [agent, second] = [new Agent(id, callback), new Agent(id, callback)];
  try {
    await works(person, agent, notes);
    await asksForMore(person, agent);
    await usesBuiltIn(person, second);
    await watches(person);
    await endsGrants(person, agent);
    await endsBuiltIn(person, second);
    await rotatesKeys(person, agent, notes);
  } finally {
    await agent.close();
    await second.close();
  }
}

setDefaultResultOrder('ipv4first');
const [database] = process.argv.slice(2);
const browser = await launch();
const gatepost = await Gatepost.start(database ? { DATABASE_URL: database } : {});
const notes = await Notes.start(gatepost.url);
const callback = await Callback.listen();
const page = await open(browser, { viewport: DESKTOP });
begin('A newcomer');
try {
  await story(new Newcomer(page, gatepost), notes, callback);
} catch (error) {
  const seen = await page.innerText('body').catch(() => '');
  check('the story ends well', false, `${error.stack}\nat ${page.url()}\n${seen}\n\n${gatepost.output}`);
} finally {
  await browser.close();
  await callback.close();
  notes.stop();
  await gatepost.stop();
}
process.exitCode = conclude() ? 0 : 1;
