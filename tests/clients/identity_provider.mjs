// A company's identity provider, as far as enterprise-managed authorization needs one: metadata, keys, ID tokens, and
// token exchange of an ID token for an ID-JAG. It knows the app `at-<client_id>` as the client `<client_id>` of Gatepost.
//
// As a program it prints its address, and `POST /login` with an address answers with an ID token:
//
//   node identity_provider.mjs

import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';

const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

export class IdentityProvider {
  /** What is changed of every ID-JAG before it is signed. */
  change = () => {};

  #server;
  #keys = [];

  static async listen() {
    const provider = new IdentityProvider();
    await provider.rotate();
    provider.#server = createServer((request, response) => provider.#answer(request, response));
    await new Promise((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    provider.issuer = `http://127.0.0.1:${provider.#server.address().port}`;
    return provider;
  }

  /** From now on it signs with a new key, and publishes no other. */
  async rotate() {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    this.#keys = [{ publicKey, privateKey, kid: crypto.randomUUID() }];
  }

  async sign(typ, claims) {
    const [{ privateKey, kid }] = this.#keys;
    const all = { iss: this.issuer, jti: crypto.randomUUID(), ...claims };
    return new SignJWT(all).setProtectedHeader({ alg: 'ES256', typ, kid }).setIssuedAt().setExpirationTime('5m').sign(privateKey);
  }

  /** Somebody logged in at the app. */
  idToken(email, app) {
    return this.sign('JWT', { aud: app, sub: `sub of ${email}`, email, email_verified: true, name: 'Somebody' });
  }

  async #answer(request, response) {
    const say = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const { pathname } = new URL(request.url, this.issuer);
    try {
      if (pathname.startsWith('/.well-known/')) return say(200, this.#metadata());
      if (pathname === '/jwks') return say(200, { keys: await Promise.all(this.#keys.map(publicJwk)) });
      const form = new URLSearchParams(await text(request));
      if (pathname === '/login') return say(200, { id_token: await this.idToken(form.get('email'), form.get('app')) });
      if (pathname === '/token') return say(200, await this.#exchange(form));
      return say(404, {});
    } catch (error) {
      return say(400, { error: 'invalid_request', error_description: error.message });
    }
  }

  #metadata() {
    const at = (path) => `${this.issuer}${path}`;
    return {
      issuer: this.issuer, jwks_uri: at('/jwks'), token_endpoint: at('/token'), authorization_endpoint: at('/authorize'),
      response_types_supported: ['code'], grant_types_supported: [EXCHANGE],
    };
  }

  async #exchange(form) {
    if (form.get('grant_type') !== EXCHANGE || form.get('requested_token_type') !== ID_JAG) throw new Error('not this');
    const app = form.get('client_id');
    const [{ publicKey }] = this.#keys;
    const { payload } = await jwtVerify(form.get('subject_token'), publicKey, { issuer: this.issuer, audience: app });
    const claims = {
      sub: payload.sub, email: payload.email, email_verified: payload.email_verified, aud: form.get('audience'),
      resource: form.get('resource'), client_id: app.replace(/^at-/, ''),
      ...(form.has('scope') && { scope: form.get('scope') }),
    };
    this.change(claims);
    const access_token = await this.sign('oauth-id-jag+jwt', claims);
    return { access_token, issued_token_type: ID_JAG, token_type: 'N_A', expires_in: 300 };
  }
}

async function publicJwk({ publicKey, kid }) {
  return { ...await exportJWK(publicKey), kid, alg: 'ES256', use: 'sig' };
}

async function text(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log((await IdentityProvider.listen()).issuer);
}
