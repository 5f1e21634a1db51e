import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../errors.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { RefusedRecord, StoreResult } from '../../../storage/usage-storage.js';
import { TurnBudget } from '../../../time/turn-budget.js';
import { writeError } from '../../base/database-error.js';
import type { SqlWriter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf } from './errors.js';
import { type NativeDatabase, betweenTransactions, sqliteConnection } from './native-client.js';
import { findLoss, noteFile, openAnew, openFiles } from './open-file.js';
import { RowInserter, type SqliteRow, rowOf } from './row-inserter.js';
import { writeInThread } from './thread-writer.js';
import { type FileThread, emptyLogOf, writeThreads } from './file-thread.js';

/** Records a transaction, at most. */
const CHUNK_RECORDS = 64;

/** Records between two looks at the clock. SQLite works on the event loop, and strangers choose how large a record is. */
const LOOK_RECORDS = 4;

/** For each connection of our own, the function that makes or checks its table anew. */
export const preparations = new WeakMap<MikroORM, () => Promise<void>>();

/**
 * Has a thread write. Where there is none, it writes through the native client itself, with statements that are made once,
 * in short transactions with a turn of the event loop between them. Kysely's lock on the connection keeps it out of the
 * application's transactions, and it never waits for another connection's lock: it fails, and the tracker tries again later.
 *
 * SQLite goes on writing to a file that was deleted, moved or replaced, where nobody finds the records. A batch is stored
 * only if the file still has its name after the commit.
 */
export class SqliteWriter implements SqlWriter {
  readonly #orm: MikroORM;
  readonly #table: UsageTable;
  readonly #thread: FileThread | null;
  #prepared: { readonly database: NativeDatabase; readonly inserter: RowInserter } | null = null;

  /** @param thread - that of a connection of our own; null for the event loop alone */
  constructor(orm: MikroORM, table: UsageTable, thread: FileThread | null = null) {
    this.#orm = orm;
    this.#table = table;
    this.#thread = thread;
    if (thread !== null) writeThreads.set(orm, thread);
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    try {
      const refused = await this.#write(batch, signal);
      return { stored: batch.length - refused.length, refused };
    } catch (error) {
      throw writeError(error, conditionOf(error), `table '${this.#table.name}'`);
    }
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#thread?.close();
  }

  async #write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<RefusedRecord[]> {
    const database = await sqliteConnection(this.#orm).getNativeClient();
    if (!openFiles.has(database)) await (preparations.get(this.#orm)?.() ?? noteFile(database));
    const refused: RefusedRecord[] = [];
    let failure: unknown = null;
    try {
      const isThreaded = (await this.#thread?.makeReady(signal)) === true;
      await (isThreaded
        ? writeInThread(this.#thread as FileThread, batch, refused, signal)
        : this.#writeHere(database, batch, refused, signal));
    } catch (error) {
      failure = error;
    }
    if (await openIfLost(this.#orm, database)) return this.#write(batch, signal);
    if (failure !== null) throw failure;
    return refused;
  }

  async #writeHere(
    database: NativeDatabase,
    batch: readonly UsageRecord[],
    refused: RefusedRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    for (let start = 0; start < batch.length;) {
      if (start > 0) await nextTurn();
      const chunk = batch.slice(start, start + CHUNK_RECORDS);
      start += await betweenTransactions(sqliteConnection(this.#orm), database, signal, () =>
        this.#writeChunk(database, chunk, refused),
      );
    }
  }

  /**
   * Writes a chunk in one transaction, in one turn of the event loop.
   *
   * @returns how many records of the chunk are done
   */
  #writeChunk(database: NativeDatabase, chunk: readonly UsageRecord[], refused: RefusedRecord[]): number {
    // MikroORM may have connected anew.
    if (this.#prepared?.database !== database)
      this.#prepared = { database, inserter: new RowInserter(database, this.#table) };
    const budget = new TurnBudget(LOOK_RECORDS);
    let done = 0;
    const refusedRows = this.#prepared.inserter.transact((add) => {
      for (const record of chunk) {
        const row = rowOrNull(record, refused);
        if (row !== null) add(row, done);
        done += 1;
        if (budget.isSpentAfterStep()) break;
      }
    });
    for (const { index, error } of refusedRows) refused.push({ id: (chunk[index] as UsageRecord).id, error });
    return done;
  }
}

/**
 * Opens the file that has the name now, where the open one was taken away.
 *
 * @returns whether it was
 * @throws {TrackUsageError} `STORAGE_SETUP` on the application's connection, which is not ours to open anew
 */
export async function openIfLost(orm: MikroORM, database: NativeDatabase): Promise<boolean> {
  const path = await findLoss(database);
  if (path === null) return false;
  const loss = `the SQLite file '${path}' was deleted, moved or replaced while it was open`;
  if (!preparations.has(orm)) {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `Usage cannot be written: ${loss}. Restart the application, or have it call orm.reconnect(), and run its migrations.`,
    );
  }
  // A file that was only moved gets the records that are in its log alone.
  await emptyLogOf(orm, database);
  await writeThreads.get(orm)?.close();
  await openAnew(orm, path);
  process.emitWarning(
    `koa-track-usage: ${loss}. Records go to the file that has this name now; earlier ones are in the file that was taken away.`,
  );
  return true;
}

/** A record as a row; null, and among the refused, if it cannot be one: a record that cannot be JSON will never be. */
function rowOrNull(record: UsageRecord, refused: RefusedRecord[]): SqliteRow | null {
  try {
    return rowOf(record);
  } catch (error) {
    refused.push({ id: record.id, error: error as Error });
    return null;
  }
}
