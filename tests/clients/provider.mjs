// The OAuth memory of one JavaScript client: what both generations of the TypeScript SDK ask an
// application to keep, and a browser visit whenever they want a person.

import { authorize, Jar } from './login.mjs';

export class MemoryProvider {
  /** How often a person was needed, and what the last visit showed. */
  visits = 0;
  visit = null;
  /** Which consent boxes the person leaves ticked at the next visit. */
  scopes = 'offered';

  #saved = {};
  #jar = new Jar();
  #keepRefreshToken;

  constructor(clientName, { keepRefreshToken = true } = {}) {
    this.#keepRefreshToken = keepRefreshToken;
    this.clientMetadata = {
      client_name: clientName,
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  get redirectUrl() {
    return 'http://127.0.0.1:18321/callback';
  }

  state() {
    this.#saved.state = crypto.randomUUID();
    return this.#saved.state;
  }

  async redirectToAuthorization(url) {
    this.visits += 1;
    this.visit = await authorize(url, { jar: this.#jar, scopes: this.scopes });
    const problem = this.visit.params.get('error');
    if (problem) throw new Error(`refused: ${problem} ${this.visit.params.get('error_description') ?? ''}`);
    if (this.visit.params.get('state') !== this.#saved.state) throw new Error('the state came back changed');
  }

  tokens() {
    return this.#saved.tokens;
  }

  saveTokens(tokens) {
    const { refresh_token, ...rest } = tokens;
    this.#saved.tokens = this.#keepRefreshToken ? tokens : rest;
  }

  clientInformation() {
    return this.#saved.client;
  }

  saveClientInformation(client) {
    this.#saved.client = client;
  }

  codeVerifier() {
    return this.#saved.verifier;
  }

  saveCodeVerifier(verifier) {
    this.#saved.verifier = verifier;
  }

  discoveryState() {
    return this.#saved.discovery;
  }

  saveDiscoveryState(state) {
    this.#saved.discovery = state;
  }

  invalidateCredentials(what) {
    const parts = { all: ['client', 'tokens', 'verifier', 'discovery'] }[what] ?? [what];
    for (const part of parts) delete this.#saved[part];
  }
}
