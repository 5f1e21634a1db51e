import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LockOrder } from './write-lock-thread.js';

/** SQLite's write lock, held by a thread on a connection of its own: whoever waits for it does not wait for us. */
export class WriteLock {
  readonly #thread: Worker;

  /** @param file - a database that is there */
  constructor(file: string) {
    this.#thread = new Worker(new URL('write-lock-thread.js', import.meta.url), { workerData: file });
  }

  /** Takes it, and resolves when nobody else can write. */
  take(): Promise<void> {
    return this.#tell('begin immediate');
  }

  /** Gives it back. */
  giveBack(): Promise<void> {
    return this.#tell('rollback');
  }

  async #tell(order: LockOrder): Promise<void> {
    const done = once(this.#thread, 'message');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    this.#thread.postMessage(order);
    await done;
  }
}
