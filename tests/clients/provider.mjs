// One JavaScript client: what the TypeScript SDK asks an application to keep, and a browser visit whenever it wants a
// person.

import { authorize, Jar } from './login.mjs';
import { Memory } from './memory.mjs';

export class MemoryProvider extends Memory {
  /** How often a person was needed, and what the last visit showed. */
  visits = 0;
  visit = null;
  /** Which consent boxes the person leaves ticked at the next visit. */
  scopes = 'offered';

  #jar = new Jar();
  #keepRefreshToken;

  constructor(clientName, { keepRefreshToken = true } = {}) {
    super();
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

  async redirectToAuthorization(url) {
    this.visits += 1;
    this.visit = await authorize(url, { jar: this.#jar, scopes: this.scopes });
    const problem = this.visit.params.get('error');
    if (problem) throw new Error(`refused: ${problem} ${this.visit.params.get('error_description') ?? ''}`);
    if (!this.isMine(this.visit.params)) throw new Error('the state came back changed');
  }

  saveTokens(tokens) {
    const { refresh_token, ...rest } = tokens;
    super.saveTokens(this.#keepRefreshToken ? tokens : rest);
  }
}
