import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from './engine.js';
import { guardFolder, guardProcess, releaseFolder, releaseProcess } from './guard.js';
import { quietPort } from './quiet-port.js';
import { freezeTree, killTree, thawTree } from './process-tree.js';
import { unprivileged } from './unprivileged.js';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A program with a folder and a port of its own, which is started and ended as often as one likes. */
export class ServerProcess {
  readonly #program: Program;
  readonly #folder: string;
  readonly #isDurable: boolean;
  readonly port: number;
  #child: ChildProcess | undefined;

  private constructor(program: Program, folder: string, port: number, isDurable: boolean) {
    this.#program = program;
    this.#folder = folder;
    this.port = port;
    this.#isDurable = isDurable;
  }

  /** Makes the data of an empty server, and does not start it yet. */
  static async prepare(program: Program, isDurable: boolean): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'test-server-'));
    guardFolder(folder);
    const made = new ServerProcess(program, folder, await quietPort(), isDurable);
    try {
      const { uid, gid } = unprivileged();
      await mkdir(join(folder, 'data'), { mode: 0o700 });
      for (const path of [folder, join(folder, 'data')]) {
        if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
      }
      await program.prepare(folder);
    } catch (error) {
      await made.remove();
      throw error;
    }
    return made;
  }

  /** Where its data and its log are. */
  get folder(): string {
    return this.#folder;
  }

  /** The process that was started, while it lives. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the program, and waits until `ask` no longer rejects. */
  async start<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#child !== undefined) throw new Error('This test server runs already.');
    const child = await this.#spawn();
    const deadline = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (this.#child === child && performance.now() < deadline) await sleep(25);
        else
          throw new Error(`${this.#program.source} did not start: ${await this.#lastWords()}`, {
            cause: error,
          });
      }
    }
  }

  async #spawn(): Promise<ChildProcess> {
    const launch = { folder: this.#folder, port: this.port, durable: this.#isDurable };
    const { file, args, identity, env } = this.#program.command(launch);
    const log = await open(join(this.#folder, 'log'), 'a');
    const options = { cwd: this.#folder, detached: true, env: { ...process.env, ...env }, ...identity };
    const child = spawn(file, args, { ...options, stdio: ['ignore', log.fd, log.fd] });
    child.unref();
    const { pid } = child;
    if (pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error];
      await log.close();
      throw error;
    }
    guardProcess(pid);
    this.#child = child;
    child.once('exit', () => {
      releaseProcess(pid);
      this.#child = undefined;
    });
    await log.close();
    return child;
  }

  async #lastWords(): Promise<string> {
    const log = await readFile(join(this.#folder, 'log'), 'utf8').catch(() => '');
    return log.trim().split('\n').slice(-10).join('\n');
  }

  /** Ends it in order, and with force if that takes too long. */
  async stop(): Promise<void> {
    await this.#end((child) => {
      child.kill(this.#program.stopSignal);
    });
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.#end((_child, pid) => killTree(pid));
  }

  async #end(how: (child: ChildProcess, pid: number) => void): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const { pid } = child;
    // Nothing else may keep this process alive until the program has ended.
    child.ref();
    const ended = once(child, 'exit');
    how(child, pid);
    const timer = setTimeout(() => killTree(pid), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  freeze(): void {
    if (this.pid !== undefined) freezeTree(this.pid);
  }

  thaw(): void {
    if (this.pid !== undefined) thawTree(this.pid);
  }

  /** Ends it and deletes its data. */
  async remove(): Promise<void> {
    this.thaw();
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    releaseFolder(this.#folder);
  }
}
