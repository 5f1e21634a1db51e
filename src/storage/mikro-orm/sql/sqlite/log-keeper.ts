import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LogThreadData, LogThreadOrder } from './log-thread.js';
import type { NativeDatabase } from './native-client.js';

/** Transactions after which the log is copied back: some 2,000 pages, or 8 MB, of records of common size. */
const COPY_TRANSACTIONS = 256;

/** Pages of the log after which SQLite copies it back in the midst of a commit: 64 MB, should the thread not keep up. */
const FALLBACK_PAGES = 16_000;

/** The same while there is no thread: SQLite's own choice. */
const DEFAULT_PAGES = 1000;

const keepers = new WeakMap<NativeDatabase, LogKeeper>();

/**
 * Has the write-ahead log of a file copied back into it (a checkpoint, https://sqlite.org/wal.html) by a thread with a
 * connection of its own. SQLite would do so within a commit, and hold the event loop for tens of milliseconds
 * while the disk works.
 */
export class LogKeeper {
  readonly #database: NativeDatabase;
  readonly #file: string;
  #transactions = 0;
  #thread: Worker | null = null;
  #isLeftToSqlite = false;

  /** @param file - the database's file */
  constructor(database: NativeDatabase, file: string) {
    this.#database = database;
    this.#file = file;
    this.#setPages(FALLBACK_PAGES);
    keepers.set(database, this);
  }

  /** Who keeps the log of this connection short; undefined if that is SQLite itself. */
  static of(database: NativeDatabase): LogKeeper | undefined {
    return keepers.get(database);
  }

  /** Whether SQLite copies the log back by itself: the thread has ended, or could not be had. */
  get isLeftToSqlite(): boolean {
    return this.#isLeftToSqlite;
  }

  /** Counts a transaction. */
  committed(): void {
    this.#transactions += 1;
    if (this.#transactions < COPY_TRANSACTIONS || this.#isLeftToSqlite) return;
    this.#transactions = 0;
    this.#thread ??= this.#start();
    this.#thread?.postMessage('copy' satisfies LogThreadOrder);
  }

  /** Ends the thread, and waits until it has let go of the file. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#leaveToSqlite();
    if (thread === null) return;
    const ended = once(thread, 'exit');
    // With nothing else to do, the process would end in the midst of its own end.
    thread.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    thread.postMessage('end' satisfies LogThreadOrder);
    await ended;
  }

  #start(): Worker | null {
    try {
      const workerData: LogThreadData = { client: findClient(), file: this.#file };
      const thread = new Worker(new URL('log-thread.js', import.meta.url), { workerData });
      thread.unref();
      // One that could not start, or met with an error of the disk, is not tried again.
      thread.on('error', () => this.#leaveToSqlite());
      thread.on('exit', () => this.#leaveToSqlite());
      return thread;
    } catch {
      this.#leaveToSqlite();
      return null;
    }
  }

  #leaveToSqlite(): void {
    if (this.#isLeftToSqlite) return;
    this.#isLeftToSqlite = true;
    this.#thread = null;
    this.#setPages(DEFAULT_PAGES);
  }

  #setPages(pages: number): void {
    this.#database.exec(`pragma wal_autocheckpoint = ${pages}`);
  }
}

/** The same client as that of MikroORM's driver, wherever the package manager has put it. */
function findClient(): string {
  const driver = createRequire(import.meta.url).resolve('@mikro-orm/sqlite');
  return pathToFileURL(createRequire(driver).resolve('better-sqlite3')).href;
}
