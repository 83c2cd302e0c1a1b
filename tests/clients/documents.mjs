// A site on this machine, over https, whose documents the proofs write: what clients publish about themselves.
// Its certificate is signed by the authority in TLS_DIR, which the server under test believes.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

export class Documents {
  /** How often each path was asked for. */
  asked = new Map();

  #documents = new Map();
  #server;

  static async listen() {
    const site = new Documents();
    const tls = process.env.TLS_DIR;
    const pair = { cert: readFileSync(`${tls}/cert.pem`), key: readFileSync(`${tls}/key.pem`) };
    site.#server = createServer(pair, (request, response) => {
      site.asked.set(request.url, (site.asked.get(request.url) ?? 0) + 1);
      const document = site.#documents.get(request.url);
      if (!document) return response.writeHead(404).end();
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
    await new Promise((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    site.origin = `https://localhost:${site.#server.address().port}`;
    return site;
  }

  /** Serves this document at this path from now on; returns its URL. */
  serve(path, document) {
    this.#documents.set(path, document);
    return `${this.origin}${path}`;
  }

  /** The same for the document of a client, which says its own URL. */
  publish(path, metadata) {
    return this.serve(path, { client_id: `${this.origin}${path}`, ...metadata });
  }
}
