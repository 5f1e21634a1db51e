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
import { type SqliteRow, rowOf } from './row.js';
import { RowInserter, targetOf } from './row-inserter.js';

/** Records a transaction, at most. */
const CHUNK_RECORDS = 64;

/** Records between two looks at the clock. SQLite works on the event loop, and strangers choose how large a record is. */
const LOOK_RECORDS = 4;

/**
 * Writes through the native client itself, with statements that are made once, in short transactions with a turn of
 * the event loop between them. Kysely's lock on the connection keeps it out of the application's transactions,
 * and it never waits for another connection's lock: it fails, and the tracker tries again later.
 */
export class SqliteWriter implements SqlWriter {
  readonly #connection: SqliteConnection;
  readonly #table: UsageTable;
  #prepared: { readonly database: NativeDatabase; readonly inserter: RowInserter } | null = null;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#connection = sqliteConnection(orm);
    this.#table = table;
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const refused: RefusedRecord[] = [];
    try {
      const database = await this.#connection.getNativeClient();
      for (let start = 0; start < batch.length;) {
        if (start > 0) await nextTurn();
        const chunk = batch.slice(start, start + CHUNK_RECORDS);
        start += await betweenTransactions(this.#connection, database, signal, () =>
          this.#writeChunk(database, chunk, refused),
        );
      }
    } catch (error) {
      throw writeError(error, conditionOf(error), `table '${this.#table.name}'`);
    }
    return { stored: batch.length - refused.length, refused };
  }

  /**
   * Writes a chunk in one transaction, in one turn of the event loop.
   *
   * @param refused - gets the records that the table does not take
   * @returns how many records of the chunk are done
   */
  #writeChunk(database: NativeDatabase, chunk: readonly UsageRecord[], refused: RefusedRecord[]): number {
    const inserter = this.#inserter(database);
    const budget = new TurnBudget(LOOK_RECORDS);
    let done = 0;
    const refusedRows = inserter.transact((add) => {
      for (const record of chunk) {
        const row = this.#rowOf(record, refused);
        if (row !== null) add(row, done);
        done += 1;
        if (budget.isSpentAfterPiece()) break;
      }
    });
    for (const { index, error } of refusedRows) refused.push({ id: (chunk[index] as UsageRecord).id, error });
    return done;
  }

  /** A record as a row; null, and among the refused, if it cannot be one: what cannot be JSON will never be. */
  #rowOf(record: UsageRecord, refused: RefusedRecord[]): SqliteRow | null {
    try {
      return rowOf(record);
    } catch (error) {
      refused.push({ id: record.id, error: error as Error });
      return null;
    }
  }

  /** The statements, made again when MikroORM has connected anew. */
  #inserter(database: NativeDatabase): RowInserter {
    if (this.#prepared?.database !== database) {
      this.#prepared = { database, inserter: new RowInserter(database, targetOf(this.#table)) };
    }
    return this.#prepared.inserter;
  }
}
