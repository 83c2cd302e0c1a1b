// An MCP client as people use one: TypeScript SDK v2 with a client id that an administrator gave it, and a
// callback on this computer. Whoever uses it opens the address that it wants opened, in a browser.

import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { Memory } from './memory.mjs';

const PATIENCE = 15_000; // milliseconds
const BACK = '<!doctype html><html lang="en"><title>Back in the app</title><main><h1>Back in the app</h1></main></html>';

/** A place on this computer where browsers come back to. */
export class Callback {
  #server;
  #arrived;
  #arrive;

  static async listen() {
    const callback = new Callback();
    callback.#server = createServer((request, response) => {
      const url = new URL(request.url, callback.url);
      if (url.pathname !== '/callback') return response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(BACK);
      return callback.#arrive(url.searchParams);
    });
    await new Promise((resolve) => callback.#server.listen(0, '127.0.0.1', resolve));
    callback.url = `http://127.0.0.1:${callback.#server.address().port}/callback`;
    callback.expect();
    return callback;
  }

  /** From now on it waits for somebody new. */
  expect() {
    this.#arrived = new Promise((resolve) => (this.#arrive = resolve));
  }

  /** What whoever comes back brings along. */
  async answer() {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('nobody came back to the client')), PATIENCE);
    });
    return Promise.race([this.#arrived, late]).finally(() => clearTimeout(timer));
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One login at one MCP server. */
export class Agent extends Memory {
  #callback;
  #transport;

  constructor(clientId, callback) {
    super();
    this.clientId = clientId;
    this.#callback = callback;
  }

  /** Connects; false when a person has to open `address` first. */
  async connect(mcpUrl) {
    this.client = new Client({ name: 'agent', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    this.#transport = new StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider: this });
    return this.#unlessAsked(() => this.client.connect(this.#transport));
  }

  /** Calls a tool: the words it answers, or nothing when a person has to open `address` first. */
  async call(name) {
    let words;
    const done = await this.#unlessAsked(async () => {
      const { content, isError } = await this.client.callTool({ name, arguments: {} });
      if (isError) throw new Error(`${name} failed: ${JSON.stringify(content)}`);
      words = content.map((part) => part.text).join('\n');
    });
    return done ? words : undefined;
  }

  async #unlessAsked(step) {
    this.address = undefined;
    try {
      await step();
      return true;
    } catch (error) {
      // What the transport threw may come wrapped.
      for (let at = error; at; at = at.cause ?? at.data?.cause) {
        if (at instanceof UnauthorizedError && this.address) return false;
      }
      throw error;
    }
  }

  /** After the browser came back: fetches the tokens. */
  async finish() {
    const answer = await this.#callback.answer();
    if (!this.isMine(answer)) throw new Error('the state came back changed');
    await this.#transport.finishAuth(answer);
  }

  /** Behaves as if its access token had expired. */
  loseAccessToken() {
    this.saveTokens({ ...this.tokens(), access_token: 'expired' });
  }

  async close() {
    await this.client?.close().catch(() => {});
  }

  // What the SDK asks of an application.

  get redirectUrl() {
    return this.#callback.url;
  }

  get clientMetadata() {
    return { redirect_uris: [this.redirectUrl], token_endpoint_auth_method: 'none' };
  }

  clientInformation() {
    return { client_id: this.clientId };
  }

  redirectToAuthorization(url) {
    this.#callback.expect();
    this.address = url.href;
  }
}
