// A protected MCP server of its own, outside Gatepost.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './gatepost.mjs';

const SCRIPT = new URL('../../clients/protected_server.mjs', import.meta.url).pathname;

export class Notes {
  #child;

  /** One that believes tokens of this issuer. */
  static async start(issuer) {
    const notes = new Notes();
    const port = await freePort();
    notes.url = `http://localhost:${port}/mcp`;
    notes.#child = spawn(process.execPath, [SCRIPT, String(port), issuer], { stdio: ['ignore', 'pipe', 'inherit'] });
    await Promise.race([
      once(notes.#child.stdout, 'data'),
      once(notes.#child, 'exit').then(() => Promise.reject(new Error('the protected server did not start'))),
    ]);
    return notes;
  }

  stop() {
    this.#child.kill('SIGKILL');
  }
}
