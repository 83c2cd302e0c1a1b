// The app that wants access: an OAuth client with a callback on this computer.

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const PATIENCE = 15_000; // milliseconds
const word = () => randomBytes(32).toString('base64url');

export class App {
  #server;
  #arrivals = [];
  #waiting = null;

  /** Listens for its callback. */
  static async #start(issuer, name) {
    const app = new App();
    app.issuer = issuer;
    app.name = name;
    app.#server = createServer((request, response) => app.#answer(request, response));
    await new Promise((resolve) => app.#server.listen(0, '127.0.0.1', resolve));
    app.host = `127.0.0.1:${app.#server.address().port}`;
    app.redirectUri = `http://${app.host}/callback`;
    return app;
  }

  /** One that publishes a document of itself. */
  static async withDocument(issuer, name) {
    const app = await App.#start(issuer, name);
    app.clientId = `http://${app.host}/client.json`;
    app.document = {
      client_id: app.clientId,
      client_name: name,
      client_uri: 'https://app.example/',
      redirect_uris: [app.redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    };
    return app;
  }

  /** One that registers itself. */
  static async register(issuer, name) {
    const app = await App.#start(issuer, name);
    const response = await fetch(`${issuer}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: name,
        redirect_uris: [app.redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      }),
    });
    if (response.status !== 201) {
      await app.close();
      throw new Error(`registration: ${response.status} ${await response.text()}`);
    }
    app.clientId = (await response.json()).client_id;
    return app;
  }

  #answer(request, response) {
    const url = new URL(request.url, this.redirectUri);
    if (url.pathname === '/client.json' && this.document) {
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify(this.document));
    }
    if (url.pathname !== '/callback') return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><html lang="en"><title>Back in the app</title><h1>Back in the app</h1>');
    this.#arrivals.push(url.searchParams);
    this.#waiting?.();
  }

  /** A new request for access: the address to open. */
  ask(changes = {}) {
    this.state = word();
    this.verifier = word();
    const parameters = {
      response_type: 'code',
      client_id: this.clientId,
      redirect_uri: this.redirectUri,
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state: this.state,
      scope: 'search:read',
      resource: `${this.issuer}/mcp`,
      ...changes,
    };
    this.resource = parameters.resource;
    return `${this.issuer}/oauth/authorize?${new URLSearchParams(parameters)}`;
  }

  get answered() {
    return this.#arrivals.length > 0;
  }

  /** What came back to the callback. */
  async answer() {
    if (!this.answered) {
      await new Promise((resolve, reject) => {
        this.#waiting = resolve;
        setTimeout(() => reject(new Error(`nothing came back to ${this.name}`)), PATIENCE).unref();
      });
      this.#waiting = null;
    }
    return this.#arrivals.shift();
  }

  async exchange(code) {
    const response = await fetch(`${this.issuer}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: this.redirectUri,
        client_id: this.clientId,
        code_verifier: this.verifier,
        resource: this.resource,
      }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Renews its login. */
  async refresh() {
    const response = await fetch(`${this.issuer}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: this.refreshToken,
        client_id: this.clientId,
      }),
    });
    return { status: response.status, body: await response.json() };
  }

  async close() {
    this.#server.closeAllConnections?.();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
