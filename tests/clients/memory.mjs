// What both generations of the TypeScript SDK ask an application to keep of one login.

export class Memory {
  #saved = {};

  /** Whether an answer belongs to the request that was made last. */
  isMine(params) {
    return params.get('state') === this.#saved.state;
  }

  state() {
    this.#saved.state = crypto.randomUUID();
    return this.#saved.state;
  }

  tokens() {
    return this.#saved.tokens;
  }

  saveTokens(tokens) {
    this.#saved.tokens = tokens;
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
