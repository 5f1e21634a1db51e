import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { RefusedRecord, StoreResult } from '../../../storage/usage-storage.js';
import { TurnBudget } from '../../../time/turn-budget.js';
import { writeError } from '../../mikro-orm/database-error.js';
import type { SqlWriter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf } from './errors.js';
import {
  type NativeDatabase,
  type SqliteConnection,
  betweenTransactions,
  sqliteConnection,
} from './native-client.js';
import { RowInserter, type SqliteRow, rowOf, targetOf } from './row-inserter.js';
import { writeInThread } from './thread-writer.js';
import type { WriteThread } from './write-thread.js';

/** Records a transaction, at most. */
const CHUNK_RECORDS = 64;

/**
 * After so long a transaction takes in no more records, in milliseconds. SQLite works on the event loop, and strangers
 * choose how large a record is: this bounds how long a turn of the loop takes.
 */
const CHUNK_MS = 0.4;

/** Records between two looks at the clock. */
const LOOK_RECORDS = 4;

/**
 * Has a thread write. Where there is none, it writes through the native client itself, with statements that are made once,
 * in short transactions with a turn of the event loop between them. Kysely's lock on the connection keeps it out of the
 * application's transactions, and it never waits for another connection's lock: it fails, and the tracker tries again later.
 */
export class SqliteWriter implements SqlWriter {
  readonly #connection: SqliteConnection;
  readonly #table: UsageTable;
  readonly #thread: WriteThread | null;
  #prepared: { readonly database: NativeDatabase; readonly inserter: RowInserter } | null = null;

  /** @param thread - that of a connection of our own; null for the event loop alone */
  constructor(orm: MikroORM, table: UsageTable, thread: WriteThread | null = null) {
    this.#connection = sqliteConnection(orm);
    this.#table = table;
    this.#thread = thread;
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const refused: RefusedRecord[] = [];
    try {
      const isThreaded = (await this.#thread?.makeReady(signal)) === true;
      await (isThreaded
        ? writeInThread(this.#thread as WriteThread, batch, refused, signal)
        : this.#writeHere(batch, refused, signal));
    } catch (error) {
      throw writeError(error, conditionOf(error), `table '${this.#table.name}'`);
    }
    return { stored: batch.length - refused.length, refused };
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#thread?.close();
  }

  async #writeHere(
    batch: readonly UsageRecord[],
    refused: RefusedRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    const database = await this.#connection.getNativeClient();
    for (let start = 0; start < batch.length;) {
      if (start > 0) await nextTurn();
      const chunk = batch.slice(start, start + CHUNK_RECORDS);
      start += await betweenTransactions(this.#connection, database, signal, () =>
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
      this.#prepared = { database, inserter: new RowInserter(database, targetOf(this.#table)) };
    const budget = new TurnBudget(CHUNK_MS, LOOK_RECORDS);
    let done = 0;
    const refusedRows = this.#prepared.inserter.transact((add) => {
      for (const record of chunk) {
        const row = rowOrNull(record, refused);
        if (row !== null) add(row, done);
        done += 1;
        if (budget.isSpentAfterPiece()) break;
      }
    });
    for (const { index, error } of refusedRows) refused.push({ id: (chunk[index] as UsageRecord).id, error });
    return done;
  }
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
