// `openid-client`: a program without any secret of Gatepost's shows the token that its platform gave it, and becomes the
// machine that a rule names.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as openid from 'openid-client';
import { GATEPOST_URL, MCP_URL, proof, SEARCH } from '../expect.mjs';
import { gatepost, machine } from '../gatepost.mjs';
import { IdentityProvider } from '../identity_provider.mjs';
import { given, refused, whoami } from './common.mjs';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The server hears of issuers and rules from the database; what is refused before burns nothing. */
async function heard(attempt) {
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      return await attempt();
    } catch {
      await sleep(100);
    }
  }
  return attempt();
}

await proof('openid-workload', async (ok) => {
  const platform = await IdentityProvider.listen();
  const made = machine('Deployments', '--scope', SEARCH);
  const tools = gatepost('resource', 'list').find((resource) => resource.url === MCP_URL);
  const issuer = gatepost('issuer', 'add', '--kind', 'workload', '--name', 'Platform', '--issuer', platform.issuer);
  gatepost('issuer', 'rule', issuer.id, '--when', 'repository = acme/deploy', '--machine', made.client_id, '--resource', tools.id);

  const config = await given(made.client_id, openid.None());
  const token = (changes = {}) => platform.sign('JWT', {
    sub: 'repo:acme/deploy', aud: GATEPOST_URL, repository: 'acme/deploy', ...changes,
  });
  const show = (assertion, more) => openid.genericGrantRequest(config, GRANT, { assertion, resource: MCP_URL, ...more });
  const first = await token();
  const tokens = await heard(() => show(first));
  assert.equal(tokens.refresh_token, undefined);
  const me = await whoami(config, tokens.access_token);
  assert.deepEqual([me.kind, me.client.id], ['machine', made.client_id]);
  ok('the token of its platform makes it the machine; whoami answers');

  await refused(show(first), /invalid_grant/);
  await refused(show(await token({ repository: 'acme/other' })), /invalid_grant/);
  await refused(show(await token({ aud: 'https://other.example' })), /invalid_grant/);
  await refused(show(await token({ iss: 'https://other.example' })), /invalid_grant/);
  await refused(show(await token(), { scope: 'search:write' }), /invalid_scope/);
  const stranger = await IdentityProvider.listen();
  const forged = await stranger.sign('JWT', { ...JSON.parse(Buffer.from(first.split('.')[1], 'base64url')), jti: 'new' });
  await refused(show(forged), /invalid_grant/);
  ok('refused: shown twice, of another repository, for another server, of another platform, forged; a scope it has not');
});
