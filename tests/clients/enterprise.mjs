// Enterprise-managed authorization with TypeScript SDK v2: a person logs in at their company's identity provider alone,
// the client exchanges that for an ID-JAG there, and Gatepost gives a token for the person without any page. Then
// whatever of that is not for Gatepost, not for this client, not of this company.

import assert from 'node:assert/strict';
import {
  Client, CrossAppAccessProvider, discoverAndRequestJwtAuthGrant, StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkSearch, checkTools, checkWhoami, EMAIL, GATEPOST_URL, LEGACY, MCP_URL, MODERN, proof, spoiled } from './expect.mjs';
import { gatepost } from './gatepost.mjs';
import { IdentityProvider } from './identity_provider.mjs';

/** The server hears of an issuer from the database. */
async function trusted() {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const metadata = await (await fetch(`${GATEPOST_URL}/.well-known/oauth-authorization-server`)).json();
    if (metadata.authorization_grant_profiles_supported?.length) return metadata;
    await sleep(100);
  }
  throw new Error('the server does not say that it takes ID-JAGs');
}

/** A client of somebody who logged in at the identity provider. */
function member(idp, made, email = EMAIL) {
  const provider = new CrossAppAccessProvider({
    clientId: made.client_id, clientSecret: made.client_secret, expectedIssuer: GATEPOST_URL,
    assertion: async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
      const app = `at-${made.client_id}`;
      const { jwtAuthGrant } = await discoverAndRequestJwtAuthGrant({
        idpUrl: idp.issuer, audience: authorizationServerUrl, resource: resourceUrl, scope, fetchFn,
        idToken: await idp.idToken(email, app), clientId: app, clientSecret: 'any',
      });
      provider.shown.push(jwtAuthGrant);
      return jwtAuthGrant;
    },
  });
  provider.shown = [];
  return provider;
}

async function connect(authProvider, mode) {
  const client = new Client({ name: 'enterprise-proof', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(MCP_URL), { authProvider }));
  return client;
}

async function refused(provider, code) {
  await assert.rejects(connect(provider, 'legacy'), (error) => {
    const said = [];
    for (let at = error; at; at = at.cause ?? at.data?.cause) said.push(`${at.code} ${at.errorCode} ${at.message}`);
    assert.match(said.join('\n'), code);
    return true;
  });
  assert.equal(provider.tokens(), undefined);
}

const create = (name) => gatepost(
  'client', 'create', '--name', name, '--redirect-uri', 'http://127.0.0.1/unused', '--auth-method', 'client_secret_basic',
);

await proof('enterprise-typescript', async (ok) => {
  const idp = await IdentityProvider.listen();
  const domain = EMAIL.split('@')[1];
  const issuer = gatepost('issuer', 'add', '--kind', 'enterprise', '--name', 'Company', '--issuer', idp.issuer, '--domain', domain);
  const { grant_types_supported: grants } = await trusted();
  assert.ok(grants.includes('urn:ietf:params:oauth:grant-type:jwt-bearer'));
  const made = create('Company chat');

  for (const [mode, version] of [['legacy', LEGACY], ['auto', MODERN]]) {
    const provider = member(idp, made);
    const client = await connect(provider, mode);
    assert.equal(client.getNegotiatedProtocolVersion(), version);
    checkTools((await client.listTools()).tools);
    const whoami = () => client.callTool({ name: 'whoami', arguments: {} });
    assert.equal(checkWhoami(await whoami(), { search: true }).client.id, made.client_id);
    checkSearch(await client.callTool({ name: 'web_search', arguments: { query: 'hinges' } }), 'hinges');
    const before = provider.tokens();
    assert.equal(before.refresh_token, undefined, 'the company decides again each time');
    provider.saveTokens({ ...before, access_token: spoiled(before.access_token) });
    checkWhoami(await whoami(), { search: true });
    assert.equal(new Set(provider.shown).size, 2);
    await client.close();
    ok(`${version}: no page of Gatepost's; whoami says who the company said; again with another ID-JAG`);
  }

  await idp.rotate();
  const rotated = await connect(member(idp, made), 'legacy');
  await rotated.close();
  ok('the identity provider has a new key: taken');

  const again = member(idp, made);
  await (await connect(again, 'legacy')).close();
  const replay = new CrossAppAccessProvider({
    clientId: made.client_id, clientSecret: made.client_secret, expectedIssuer: GATEPOST_URL, assertion: () => again.shown[0],
  });
  await refused(replay, /invalid_grant/);
  ok('refused: an ID-JAG that was shown before');

  const wrong = {
    'for another server': [(claims) => { claims.aud = 'https://other.example'; }, /invalid_grant .*only aud must be the issuer of this server/],
    'for another client': [(claims) => { claims.client_id = 'cli_other'; }, /invalid_grant .*made for another client/],
    'for another resource': [(claims) => { claims.resource = 'https://other.example/mcp'; }, /invalid_grant .*a resource that does not exist here/],
    'without a resource': [(claims) => { delete claims.resource; }, /invalid_grant .*needs a resource/],
    'of another company': [(claims) => { claims.iss = 'https://other.example'; }, /invalid_grant .*issuer of assertion is not trusted/],
    'with an address nobody verified': [(claims) => { claims.sub = 'new'; claims.email_verified = false; }, /invalid_grant .*says no verified email/],
    'with an address of another domain': [(claims) => { claims.sub = 'new'; claims.email = 'a@other.example'; }, /invalid_grant .*person of assertion is not known here/],
  };
  for (const [what, [change, words]] of Object.entries(wrong)) {
    idp.change = change;
    await refused(member(idp, made), words);
    ok(`refused: an ID-JAG ${what}`);
  }
  idp.change = () => {};

  const stranger = await IdentityProvider.listen();
  stranger.issuer = idp.issuer;
  const forged = new CrossAppAccessProvider({
    clientId: made.client_id, clientSecret: made.client_secret, expectedIssuer: GATEPOST_URL,
    assertion: ({ resourceUrl }) => stranger.sign('oauth-id-jag+jwt', {
      aud: GATEPOST_URL, resource: resourceUrl, client_id: made.client_id, sub: `sub of ${EMAIL}`,
    }),
  });
  await refused(forged, /invalid_grant/);
  await refused(member(idp, { ...made, client_secret: 'gps_of_somebody_else' }), /invalid_client/);
  ok('refused: an ID-JAG that somebody else signed, a client with another secret');

  const standing = member(idp, made);
  const client = await connect(standing, 'legacy');
  gatepost('issuer', 'remove', issuer.id, '--yes');
  for (let attempt = 0; ; attempt += 1) {
    const lost = await client.callTool({ name: 'whoami', arguments: {} }).then(() => false, () => true);
    if (lost) break;
    assert.ok(attempt < 50, 'access goes on after the issuer was removed');
    await sleep(100);
  }
  await refused(member(idp, made), /unsupported_grant_type|invalid_grant/);
  ok('an issuer that is removed: what it gave has ended, and it gives no more');
});
