// `openid-client`: clients with keys of their own, which register themselves and which an administrator made. Login,
// refresh, introspection and revocation, each time proved with the key.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as openid from 'openid-client';
import { Documents } from '../documents.mjs';
import { EMAIL, MCP_URL, proof, SEARCH, spoiled } from '../expect.mjs';
import { machine } from '../gatepost.mjs';
import { ALGORITHMS, byKey, given, key, logIn, refused, register, whoami } from './common.mjs';

await proof('openid-keys', async (ok) => {
  for (const algorithm of ALGORITHMS) {
    const { privateKey, set } = await key(algorithm);
    const metadata = { client_name: `With ${algorithm}`, token_endpoint_auth_method: 'private_key_jwt', jwks: set };
    const config = await register(metadata, byKey(privateKey));
    const first = await logIn(config);
    assert.equal((await whoami(config, first.access_token)).email, EMAIL);
    const tokens = await openid.refreshTokenGrant(config, first.refresh_token, { resource: MCP_URL });
    assert.notEqual(tokens.refresh_token, first.refresh_token);
    const live = await openid.tokenIntrospection(config, tokens.access_token);
    assert.equal(live.active, true);
    assert.equal(live.client_id, config.clientMetadata().client_id);
    assert.equal(live.scope, SEARCH);

    const { client_id: clientId } = config.clientMetadata();
    const another = await given(clientId, byKey((await key(algorithm)).privateKey));
    await refused(openid.refreshTokenGrant(another, tokens.refresh_token), /invalid_client/);
    await refused(openid.tokenIntrospection(another, tokens.access_token), /invalid_client/);
    const without = await given(clientId, openid.None());
    await refused(openid.refreshTokenGrant(without, tokens.refresh_token), /invalid_client/);

    await openid.tokenRevocation(config, tokens.refresh_token);
    assert.deepEqual(await openid.tokenIntrospection(config, tokens.access_token), { active: false });
    await refused(whoami(config, tokens.access_token), /401|invalid_token/);
    ok(`${algorithm}: registered, login, refresh, introspection, revocation; refused with another key and with none`);

    const made = machine(`A machine with ${algorithm}`, '--scope', SEARCH, '--auth-method', 'private_key_jwt', '--keys', JSON.stringify(set));
    const alone = await given(made.client_id, byKey(privateKey));
    const { access_token: own } = await openid.clientCredentialsGrant(alone, { resource: MCP_URL });
    assert.equal((await whoami(alone, own)).kind, 'machine');
    assert.deepEqual(await openid.tokenIntrospection(alone, spoiled(own)), { active: false });
    ok(`${algorithm}: a machine`);
  }

  await published(ok);
  await mistakes(ok);
}, { seconds: 110 });

/** A client whose keys are at an address: what it gets there later counts as well. */
async function published(ok) {
  const site = await Documents.listen();
  const [first, second] = [await key('ES256', 'first'), await key('RS256', 'second')];
  const url = site.serve('/keys.json', first.set);
  const made = machine('With keys at an address', '--scope', SEARCH, '--auth-method', 'private_key_jwt', '--keys', url);
  const grant = async ({ privateKey }) => openid.clientCredentialsGrant(
    await given(made.client_id, byKey(privateKey)), { resource: MCP_URL },
  );
  await grant(first);
  await grant(first);
  assert.equal(site.asked.get('/keys.json'), 1, 'asked for once');
  await refused(grant(second), /invalid_client/);
  site.serve('/keys.json', { keys: [...first.set.keys, ...second.set.keys] });
  await within(async () => (await grant(second)).access_token);
  await grant(first);
  assert.ok(site.asked.get('/keys.json') < 10);
  ok('keys at an address: asked for once, and again for a key that came there later');
}

async function within(attempt, seconds = 60) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(1_000);
    }
  }
}

/** What may be wrong with an assertion that the right key signed. */
async function mistakes(ok) {
  const { privateKey, set } = await key('ES256');
  const late = machine('With mistakes', '--auth-method', 'private_key_jwt', '--keys', JSON.stringify(set));
  const cases = {
    'an hour ago': (claims) => ['exp', 'iat', 'nbf'].forEach((time) => { claims[time] -= 3600; }),
    'for another server': (claims) => { claims.aud = 'https://other.example'; },
    'by another client': (claims) => { claims.iss = 'cli_other'; },
    'without a jti': (claims) => { delete claims.jti; },
    'with the jti of the one before': (claims) => { claims.jti = 'always the same'; },
  };
  for (const [what, change] of Object.entries(cases)) {
    const changes = { [openid.modifyAssertion]: (_, claims) => { change(claims); } };
    const config = await given(late.client_id, byKey(privateKey, changes));
    const grant = () => openid.clientCredentialsGrant(config, { resource: MCP_URL });
    if (what.endsWith('before')) await grant();
    await refused(grant(), /invalid_client/);
    ok(`an assertion is refused: ${what}`);
  }
}
