// ScaleKit's SDK for Node, unmodified, with Gatepost as its environment: good tokens believed, each kind of bad one
// refused, and a key rotated under a process that never fetches keys again.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScalekitClient } from '@scalekit-sdk/node';
import { proof } from '../expect.mjs';

const here = new URL('.', import.meta.url).pathname;
const { version } = JSON.parse(readFileSync(new URL('../node_modules/@scalekit-sdk/node/package.json', import.meta.url)));

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function verdict(sdk, { token, options }) {
  const asked = { issuer: options.issuer, audience: options.audience, requiredScopes: options.required_scopes };
  try {
    const claims = await sdk.validateToken(token, asked);
    assert.ok(claims.client_id && claims.sub && claims.oid, JSON.stringify(claims));
    assert.equal(await sdk.validateAccessToken(token, asked), true);
    return 'believed';
  } catch (error) {
    return `refused: \`${error.constructor.name}\``;
  }
}

const header = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));

await proof('scalekit-node', async (ok) => {
  const python = new URL('../.venv/bin/python', import.meta.url).pathname;
  const made = execFileSync(python, [`${here}tokens.py`, 'Node SDK', String(await freePort())], { encoding: 'utf8' });
  const { environment, client, resource, cases } = JSON.parse(made);
  const sdk = new ScalekitClient(environment, client[0], client[1]);
  const rows = [];
  for (const one of cases) {
    rows.push([one.what, await verdict(sdk, one)]);
    assert.equal(rows.at(-1)[1] === 'believed', one.good, rows.at(-1).join(': '));
  }
  ok('good tokens believed, bad ones refused');

  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length > 0 ? args : [RealDate.now() + 25 * 3600 * 1000]));
    }
    static now() {
      return RealDate.now() + 25 * 3600 * 1000;
    }
  };
  rows.push(['a token that is over', await verdict(sdk, cases[0])]);
  globalThis.Date = RealDate;
  assert.notEqual(rows.at(-1)[1], 'believed');

  execFileSync(process.env.GATEPOST_CLI, ['keys', 'rotate', '--alg', 'RS256', '--activate-now']);
  const form = { grant_type: 'client_credentials', client_id: client[0], client_secret: client[1] };
  let access_token;
  for (let tries = 0; tries < 50; tries += 1) {
    const body = new URLSearchParams(form);
    const answer = await fetch(`${environment}/resources/${resource}/oauth/token`, { method: 'POST', body });
    ({ access_token } = await answer.json());
    if (header(access_token).kid !== header(cases[0].token).kid) break;
    await sleep(100);
  }
  assert.notEqual(header(access_token).kid, header(cases[0].token).kid, 'the server still signs with the old key');
  const after = await verdict(sdk, { ...cases[0], token: access_token });
  rows.push(['a token signed after the keys were rotated, in a process of before', after]);
  rows.push(['a token signed before', await verdict(sdk, cases[0])]);
  assert.deepEqual(rows.slice(-2).map(([, result]) => result), ['believed', 'believed']);
  ok('a rotation under the running process changes nothing');

  const table = rows.map(([what, result]) => `| ${what} | ${result} |`).join('\n');
  console.log(`@scalekit-sdk/node ${version}\n${table}`);
  const document = readFileSync(new URL('../../../docs/scalekit.md', import.meta.url), 'utf8');
  assert.ok(document.includes(table), 'docs/scalekit.md has not this table');
  ok('docs/scalekit.md says the same');
});
