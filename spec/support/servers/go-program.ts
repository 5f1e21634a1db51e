import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, findProgram } from './engine.js';

/** A build of all that a server needs takes minutes on a small machine. */
const BUILD_TIMEOUT_MS = 15 * 60_000;

/** A program that is built with Go into the cache folder, once for each version of its sources. */
export class GoProgram {
  readonly #title: string;
  /** Its sources are not compiled with the specs: npm scripts run in the project's folder. */
  readonly #sources: string;
  readonly #package: string;
  readonly #module: string;
  readonly #go = findProgram('go');

  /**
   * @param folder - the folder with its sources, beside this file
   * @param module - the module whose version is told
   * @param target - the package that is built: one of the module's, or the sources themselves
   */
  constructor(title: string, folder: string, module: string, target = '.') {
    this.#title = title;
    this.#sources = resolve('spec/support/servers', folder);
    this.#module = module;
    this.#package = target;
  }

  /** The version that is built. */
  get version(): string {
    const [, after = ''] = readFileSync(join(this.#sources, 'go.mod'), 'utf8').split(`${this.#module} v`);
    return /^\S+/.exec(after)?.[0] ?? 'unknown';
  }

  /** Where the program is or will be, named by what it is made of. */
  get path(): string {
    const hash = createHash('sha256');
    for (const name of ['main.go', 'go.mod', 'go.sum']) {
      const source = join(this.#sources, name);
      if (existsSync(source)) hash.update(readFileSync(source));
    }
    return join(cacheFolder(), `${this.#title.toLowerCase()}-${hash.digest('hex').slice(0, 16)}`);
  }

  /** Whether the program is there, or can be built. */
  get isAtHand(): boolean {
    return this.#go !== undefined || existsSync(this.path);
  }

  /** Builds the program unless the cache has it. Another process may do the same meanwhile. */
  async build(): Promise<void> {
    const { path } = this;
    if (existsSync(path) || this.#go === undefined) return;
    process.stdout.write(
      `${this.#title} ${this.version} is built into ${path}, once; this may take minutes.\n`,
    );
    await mkdir(cacheFolder(), { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    try {
      const args = ['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', unfinished, this.#package];
      await promisify(execFile)(this.#go, args, { cwd: this.#sources, timeout: BUILD_TIMEOUT_MS });
      await rename(unfinished, path);
    } finally {
      await rm(unfinished, { force: true });
    }
  }
}
