import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { MikroORM } from '@mikro-orm/core';
import { messageOf } from '../../mikro-orm/database-error.js';
import { orAbort } from '../../../time/or-abort.js';
import type { UsageTable } from '../usage-table.js';
import { targetOf } from './row-inserter.js';
import { fileOf, sqliteConnection } from './native-client.js';
import type {
  ThreadAnswer,
  ThreadData,
  ThreadError,
  ThreadOrder,
  ThreadResult,
  ThreadTask,
} from './thread-program.js';

/** Records of a task, which is one transaction: as long as it lasts, nobody else can write to the file. */
export const PIECE_RECORDS = 250;

const threads = new WeakMap<MikroORM, WriteThread>();

/**
 * The thread that writes to a file of our own: SQLite, which works on whatever thread it is called on, and the disk hold
 * nobody up there. It is started when it is first needed, and keeps the process alive only while there is a task.
 */
export class WriteThread {
  readonly #orm: MikroORM;
  readonly #table: UsageTable;
  readonly #tasks = new Map<number, PromiseWithResolvers<ThreadResult>>();
  readonly #program: URL | null;
  #starting: Promise<Worker | null> | null = null;
  #lastId = 0;

  /**
   * @param orm - a connection of our own, for which there is one thread
   * @param program - what runs in the thread; null for the file beside this one
   */
  constructor(orm: MikroORM, table: UsageTable, program: URL | null = null) {
    this.#orm = orm;
    this.#table = table;
    this.#program = program;
    threads.set(orm, this);
  }

  /** The thread that writes for a connection of our own; undefined for any other. */
  static of(orm: MikroORM): WriteThread | undefined {
    return threads.get(orm);
  }

  /** Starts the thread, if it is not running. False where none can be had, or where another thread would not see the database. */
  async start(): Promise<boolean> {
    return (await this.#ready()) !== null;
  }

  /**
   * Has something done, when everything before it is done. Who has not waited for all of that waits until the thread is
   * {@link idle}, as what nobody waits for any more is not to pile up.
   *
   * @throws SQLite's error, with its code; or what became of the thread
   */
  async perform(task: ThreadTask): Promise<ThreadResult> {
    const thread = await this.#ready();
    if (thread === null) throw lost();
    this.#lastId += 1;
    const result = Promise.withResolvers<ThreadResult>();
    tell(thread, { id: this.#lastId, task });
    this.#tasks.set(this.#lastId, result);
    thread.ref();
    return result.promise;
  }

  /**
   * Starts the thread, if need be, and waits until it is free for whoever asks.
   *
   * @returns false where none can be had
   * @throws the signal's reason as soon as it is aborted
   */
  async makeReady(signal: AbortSignal): Promise<boolean> {
    if (!(await orAbort(this.start(), signal))) return false;
    await orAbort(this.idle(), signal);
    return true;
  }

  /** Waits until the thread has nothing to do, and so holds no lock. */
  async idle(): Promise<void> {
    while (this.#tasks.size > 0) {
      await Promise.allSettled(Array.from(this.#tasks.values(), ({ promise }) => promise));
    }
  }

  /** Ends the thread when it has done what it was told, and waits until it has let go of the file. */
  async close(): Promise<void> {
    const thread = await this.#starting?.catch(() => null);
    this.#starting = Promise.resolve(null);
    if (!thread) return;
    const ended = once(thread, 'exit');
    // With nothing else to do, the process would end in the midst of the thread's end.
    thread.ref();
    tell(thread, 'end');
    await ended;
  }

  /** The thread, which is started if there is none; a start that failed for the connection's sake is tried again. */
  #ready(): Promise<Worker | null> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  /** @returns null if there can be no thread */
  async #start(): Promise<Worker | null> {
    const file = fileOf(await sqliteConnection(this.#orm).getNativeClient());
    // Another thread would not see a database in memory.
    if (file === null) return null;
    try {
      return await this.#launch(file);
    } catch (error) {
      process.emitWarning(
        `koa-track-usage: SQLite is written to on the event loop, in short turns, as no thread can do it: ${messageOf(error)}. ` +
          'In a bundle, leave the packages out of it (esbuild: --packages=external).',
      );
      return null;
    }
  }

  async #launch(file: string): Promise<Worker> {
    const { nativeBinding } = this.#orm.config.get<'driverOptions', { readonly nativeBinding?: unknown }>(
      'driverOptions',
    );
    if (typeof nativeBinding === 'object') {
      throw new Error("the option nativeBinding is a loaded addon, and not its file's name");
    }
    // A bundle in CommonJS has no address.
    const program = this.#program ?? new URL('thread-program.js', import.meta.url);
    const workerData: ThreadData = {
      client: findClient(),
      nativeBinding: nativeBinding as string | undefined,
      file,
      target: targetOf(this.#table),
    };
    const thread = new Worker(program, { workerData });
    await this.#listen(thread);
    return thread;
  }

  /** Waits until the thread is ready for tasks. */
  #listen(thread: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      let isReady = false;
      let error: Error | undefined;
      thread.on('message', (answer: ThreadAnswer) => {
        if (answer === 'ready') isReady = true;
        else this.#settle(answer);
        resolve();
        if (this.#tasks.size === 0) thread.unref();
      });
      thread.on('error', (thrown: Error) => (error = thrown));
      thread.on('exit', () => {
        // One that has run is started anew; one that could not is not tried again.
        if (isReady) this.#starting = null;
        reject(error ?? lost());
        for (const task of this.#tasks.values()) task.reject(lost(error));
        this.#tasks.clear();
      });
    });
  }

  #settle(answer: Exclude<ThreadAnswer, 'ready'>): void {
    const task = this.#tasks.get(answer.id);
    this.#tasks.delete(answer.id);
    if ('result' in answer) task?.resolve(answer.result);
    else task?.reject(errorOf(answer.error));
  }
}

/** The error as it was in the thread. */
export function errorOf({ message, code }: ThreadError): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

function lost(cause?: Error): Error {
  return new Error('the thread that writes to SQLite has ended', { cause });
}

function tell(thread: Worker, order: ThreadOrder): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
  thread.postMessage(order);
}

/** Finds the client that MikroORM's driver uses, wherever the package manager has put it. */
function findClient(): string {
  const driver = createRequire(import.meta.url).resolve('@mikro-orm/sqlite');
  return pathToFileURL(createRequire(driver).resolve('better-sqlite3')).href;
}
