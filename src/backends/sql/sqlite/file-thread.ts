import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { MikroORM } from '@mikro-orm/core';
import { messageOf } from '../../base/database-error.js';
import type { Elsewhere, Summed } from '../../mikro-orm/elsewhere.js';
import type { ColumnProperty } from '../../../record/columns.js';
import type { Sums } from '../../../summary/sums.js';
import { TurnBudget } from '../../../time/turn-budget.js';
import { orAbort } from '../../../time/or-abort.js';
import { inOwnContext } from '../../../time/own-context.js';
import type { UsageTable } from '../usage-table.js';
import { type NativeDatabase, emptyLog, fileOf, sqliteConnection, withoutWaiting } from './native-client.js';
import type { ThreadAnswer, ThreadData, ThreadError, ThreadResult, ThreadTask } from './thread-program.js';

/** Records of a task, which is one transaction: as long as it lasts, no other connection can write to the file. */
export const TASK_RECORDS = 250;

/** The threads that write, by the connections of our own that have one. */
export const writeThreads = new WeakMap<MikroORM, FileThread>();

/**
 * A thread that works on a file of our own: there SQLite, which is synchronous, and the disk hold up no request. It is
 * started when it is first needed, and keeps the process alive only while there is a task.
 */
export class FileThread implements Elsewhere {
  /** Summing up so many takes some 40 ms in the thread: others may wait for their turn. */
  readonly pieceRecords = 10_000;
  readonly #orm: MikroORM;
  readonly #table: UsageTable;
  readonly #program: URL | null;
  /** Ends with the statements that are being read, one at a time, and never rejects. */
  #reading: Promise<unknown> = Promise.resolve();
  /** The tasks that are not yet answered, in their order. */
  readonly #tasks: PromiseWithResolvers<ThreadResult>[] = [];
  #starting: Promise<Worker | null> | null = null;

  /**
   * @param orm - a connection of our own
   * @param program - the thread's program; null for the file beside this one
   */
  constructor(orm: MikroORM, table: UsageTable, program: URL | null = null) {
    this.#orm = orm;
    this.#table = table;
    this.#program = program;
  }

  /**
   * Starts the thread, if it is not running, in no request's context; a start that failed for the connection's sake is tried again.
   *
   * @returns null where none can be had, or where another thread would not see the database
   */
  start(): Promise<Worker | null> {
    this.#starting ??= inOwnContext(() => this.#open()).catch((error: unknown) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  /**
   * Gives the thread a task, which it does after all tasks before. A caller that has stopped waiting for an earlier task
   * waits first until the thread is {@link idle}, so that tasks that are no longer waited for do not pile up.
   *
   * @throws SQLite's error, with its code; or the reason why the thread has ended
   */
  async perform(task: ThreadTask): Promise<ThreadResult> {
    const thread = await this.start();
    if (thread === null) throw lost();
    const result = Promise.withResolvers<ThreadResult>();
    tell(thread, task);
    this.#tasks.push(result);
    thread.ref();
    return result.promise;
  }

  /**
   * Starts the thread, if need be, and waits until it is free.
   *
   * @returns false where none can be had
   * @throws the signal's reason as soon as it is aborted
   */
  async makeReady(signal: AbortSignal): Promise<boolean> {
    if ((await orAbort(this.start(), signal)) === null) return false;
    await orAbort(this.idle(), signal);
    return true;
  }

  /** Waits until the thread has nothing to do, and so holds no lock. */
  async idle(): Promise<void> {
    while (this.#tasks.length > 0) await Promise.allSettled(this.#tasks.map(({ promise }) => promise));
  }

  /** @inheritdoc */
  read(sql: string, take: (piece: object[]) => void): Promise<void> {
    const ask = (text: string | null): Promise<ThreadResult> => {
      const answer = this.perform({ kind: 'read', sql: text });
      answer.catch(() => {});
      return answer;
    };
    const reading = this.#reading.then(async () => {
      // A storage that was closed meanwhile throws.
      take([]);
      // The thread reads on while records are made here. A piece that has been taken is let go of.
      const asked = [ask(sql), ask(null)];
      for (let isOver = false; !isOver;) {
        const result = (await asked.shift()) ?? {};
        isOver = result.isMore !== true;
        if (!isOver) asked.push(ask(null));
        take(rowsOf(result));
        // Several answers of the thread may come in one turn.
        if (!isOver) await nextTurn();
      }
    });
    // A statement that is given up keeps its snapshot until another one begins.
    const over = reading.catch(() => ask('select 1 where false'));
    this.#reading = over.catch(() => {}).then(() => this.idle());
    return reading;
  }

  /** @inheritdoc */
  async sum(
    sql: string,
    _columns: readonly ColumnProperty[],
    sums: Sums,
    signal: AbortSignal,
    begin: () => void,
  ): Promise<Summed> {
    const summing = this.#reading.then(() => {
      begin();
      return this.perform({ kind: 'sum', sql, order: sums.order });
    });
    this.#reading = summing.catch(() => {});
    const { summed = { count: 0, last: null }, parts = [] } = await summing;
    const budget = new TurnBudget(1);
    for (const part of parts) {
      sums.merge(part);
      if (budget.isSpentAfterStep()) await budget.nextTurn(signal);
    }
    signal.throwIfAborted();
    return summed;
  }

  /** Ends the thread after its last task, and waits until it has let go of the file. The next task starts another. */
  async close(): Promise<void> {
    await this.#reading;
    const thread = await this.#starting?.catch(() => null);
    if (!thread) return;
    const ended = once(thread, 'exit');
    // With nothing else to do, the process would end in the midst of the thread's end.
    thread.ref();
    tell(thread, 'end');
    await ended;
  }

  async #open(): Promise<Worker | null> {
    const file = fileOf(await sqliteConnection(this.#orm).getNativeClient());
    // Another thread would not see a database in memory.
    if (file === null) return null;
    try {
      return await this.#launch(file);
    } catch (error) {
      // The thread that reads has the reason of the one that writes.
      if ((writeThreads.get(this.#orm) ?? this) === this)
        process.emitWarning(
          `koa-track-usage: SQLite works on the event loop, in short turns, as no thread can be had: ${messageOf(error)}. ` +
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
    const { name, columns } = this.#table;
    const workerData: ThreadData = {
      client: findClient(),
      nativeBinding: nativeBinding as string | undefined,
      file,
      target: { name, columns },
    };
    // Modules that the process's own flags load (--import, --require) are not for this thread.
    // What a thread makes is handed over at once: V8 would give such garbage up to 64 MB.
    const resourceLimits = { maxYoungGenerationSizeMb: 2 };
    const thread = new Worker(program, { workerData, execArgv: [], resourceLimits });
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
        else if ('result' in answer) this.#tasks.shift()?.resolve(answer.result);
        else this.#tasks.shift()?.reject(errorOf(answer.error));
        resolve();
        if (this.#tasks.length === 0) thread.unref();
      });
      thread.on('error', (thrown: Error) => (error = thrown));
      thread.on('exit', () => {
        // A thread that has run is started anew; a thread that could not run is not tried again.
        if (isReady) this.#starting = null;
        reject(error ?? lost());
        for (const task of this.#tasks.splice(0)) task.reject(lost(error));
      });
    });
  }
}

/**
 * Empties the write-ahead log: in the thread where there is one, as it takes some thirty milliseconds, and longer on a slow
 * disk.
 *
 * @returns false where it has to be tried again
 */
export async function emptyLogOf(orm: MikroORM, database: NativeDatabase): Promise<boolean> {
  try {
    const thread = writeThreads.get(orm);
    if (!(await thread?.start())) return withoutWaiting(database, () => emptyLog(database));
    return (await thread?.perform({ kind: 'empty-log' }))?.isLogEmpty === true;
  } catch {
    return false;
  }
}

/** The error as it was in the thread. */
export function errorOf({ message, code }: ThreadError): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

/** Rows from their values. A copy of an object that has the keys takes a third of the time of one that gets them. */
function rowsOf({ keys = [], rows = [] }: ThreadResult): object[] {
  const blank: Record<string, unknown> = Object.fromEntries(keys.map((key) => [key, null]));
  return rows.map((values) => {
    const row = { ...blank };
    for (const [index, key] of keys.entries()) row[key] = values[index];
    return row;
  });
}

function lost(cause?: Error): Error {
  return new Error('the thread that works on SQLite has ended', { cause });
}

function tell(thread: Worker, order: ThreadTask | 'end'): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
  thread.postMessage(order);
}

/** Finds the client that MikroORM's driver uses, in the folder where the package manager has put it. */
function findClient(): string {
  const driver = createRequire(import.meta.url).resolve('@mikro-orm/sqlite');
  return pathToFileURL(createRequire(driver).resolve('better-sqlite3')).href;
}
