// A Gatepost of our own: an empty directory, a free port, and no other setting.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SETUP_LINK = /https?:\/\/\S+\/setup\S*/;
const PATIENCE = 30_000; // milliseconds

export class Gatepost {
  #child;
  #directory;
  #settings;
  #output = '';

  /** With more settings, by their environment names. */
  static async start(settings = {}) {
    const gatepost = new Gatepost();
    gatepost.#settings = settings;
    gatepost.#directory = await mkdtemp(join(tmpdir(), 'gatepost-journey-'));
    gatepost.url = `http://localhost:${await freePort()}`;
    await gatepost.#serve();
    return gatepost;
  }

  /** Ends and starts again on the same database: what was only in memory is gone. */
  async restart() {
    await this.#end();
    await this.#serve();
  }

  async #serve() {
    this.#child = spawn(process.env.GATEPOST_BIN, ['serve'], {
      cwd: this.#directory,
      env: this.#environment(new URL(this.url).port),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.#output += text));
    }
    this.#child.on('error', (error) => (this.#output += `${error}\n`));
    try {
      this.setupLink = await this.#firstWords();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Waits until it serves, and finds the set-up link in what it printed. */
  async #firstWords() {
    const end = Date.now() + PATIENCE;
    while (Date.now() < end) {
      if (this.#child.exitCode !== null || !this.#child.pid) break;
      const link = this.#output.match(SETUP_LINK)?.[0];
      const ready = link && (await fetch(`${this.url}/readyz`).catch(() => null));
      if (ready?.ok) return link;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`Gatepost did not start with a set-up link. It printed:\n${this.#output}`);
  }

  #environment(port) {
    return {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      GATEPOST_BIND: `127.0.0.1:${port}`,
      GATEPOST_PUBLIC_URL: this.url,
      ...this.#settings,
    };
  }

  /** Runs another command on the same database, with this text on its standard input. */
  async run(words, input = '') {
    const env = this.#environment(new URL(this.url).port);
    const child = spawn(process.env.GATEPOST_BIN, words, { cwd: this.#directory, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.stdin.end(input);
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0) throw new Error(`gatepost ${words.join(' ')}: ${output}`);
    return output;
  }

  /** What it printed, for the reader of a failure and for a look at what must not be in there. */
  get output() {
    return this.#output;
  }

  async stop() {
    await this.#end();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #end() {
    if (this.#child.pid && this.#child.exitCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill();
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    }
  }
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
