import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { deletionError } from '../../mikro-orm/database-error.js';
import type { SqlDeleter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { deleteSql } from './deletion.js';
import { conditionOf } from './errors.js';
import {
  type NativeDatabase,
  type NativeStatement,
  type SqliteConnection,
  betweenTransactions,
  sqliteConnection,
} from './native-client.js';

/** Records a statement: SQLite works on the event loop, and this bounds how long a turn of it takes. */
const CHUNK_RECORDS = 50;

/**
 * Deletes through the native client itself, as SqliteWriter writes: between the application's transactions, with a turn
 * of the event loop between two statements, and never waiting for another connection's lock.
 */
export class SqliteDeleter implements SqlDeleter {
  readonly #connection: SqliteConnection;
  readonly #table: UsageTable;
  #statement: { readonly database: NativeDatabase; readonly native: NativeStatement } | null = null;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#connection = sqliteConnection(orm);
    this.#table = table;
  }

  /** @inheritdoc */
  async delete(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    let total = 0;
    try {
      const database = await this.#connection.getNativeClient();
      while (total < limit) {
        if (total > 0) await nextTurn();
        const wanted = Math.min(CHUNK_RECORDS, limit - total);
        const deleted = await betweenTransactions(this.#connection, database, signal, () =>
          this.#deleteChunk(database, date, wanted),
        );
        total += deleted;
        if (deleted < wanted) break;
      }
    } catch (error) {
      throw deletionError(error, conditionOf(error), `table '${this.#table.name}'`);
    }
    return total;
  }

  #deleteChunk(database: NativeDatabase, date: Date, limit: number): number {
    if (this.#statement?.database !== database) {
      this.#statement = { database, native: database.prepare(deleteSql(this.#table.name)) };
    }
    const { changes } = this.#statement.native.run(date.getTime(), limit) as { readonly changes: number };
    return changes;
  }
}
