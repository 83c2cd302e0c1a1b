// The environment for clients that open a browser themselves, and what the person saw in it.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('./bin', import.meta.url));

export class StandInBrowser {
  #directory = mkdtempSync(path.join(tmpdir(), 'stand-in-browser-'));

  /** `plan` says which consent boxes the person leaves ticked: "offered" or "none". */
  constructor(plan = 'offered') {
    this.plan(plan);
  }

  plan(scopes) {
    writeFileSync(path.join(this.#directory, 'plan'), scopes);
  }

  /** A fresh home as well, so that no earlier run's tokens are found. */
  environment() {
    return {
      ...process.env,
      PATH: `${BIN}:${path.dirname(process.execPath)}:${process.env.PATH}`,
      BROWSER: path.join(BIN, 'xdg-open'),
      STAND_IN_BROWSER_DIR: this.#directory,
      HOME: this.#directory,
      MCP_REMOTE_CONFIG_DIR: path.join(this.#directory, 'mcp-remote'),
      MCP_STORAGE_DIR: path.join(this.#directory, 'inspector'),
      MCP_INSPECTOR_SECRET_STORE: 'file',
    };
  }

  /** The visits so far; waits a moment for the newest, whose client may be quicker than its log line. */
  async visits(expected) {
    for (let attempt = 0; ; attempt += 1) {
      const found = this.#read();
      const failed = found.find((visit) => visit.error);
      if (failed) throw new Error(`the stand-in browser failed: ${failed.error}`);
      if (found.length >= expected || attempt === 30) return found;
      await sleep(100);
    }
  }

  #read() {
    try {
      const lines = readFileSync(path.join(this.#directory, 'visits.log'), 'utf8').trim().split('\n');
      return lines.map((line) => JSON.parse(line));
    } catch {
      return [];
    }
  }
}
