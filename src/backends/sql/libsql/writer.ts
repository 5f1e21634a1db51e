import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { StoreResult } from '../../../storage/usage-storage.js';
import { writeError } from '../../mikro-orm/database-error.js';
import type { SqlWriter } from '../dialect.js';
import { type SqliteConnection, sqliteConnection } from '../sqlite/native-client.js';
import { rowOf } from '../sqlite/row-inserter.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf } from './errors.js';

/** Records a statement. Each has some thirty parameters, and SQLite takes 32,766 a statement. */
const CHUNK_RECORDS = 100;

/**
 * Writes to a libSQL server. libsql waits for each answer on the event loop, so a chunk is one statement, which costs two
 * requests: it is kept as a whole or not at all, and there is a turn of the loop between two.
 */
export class LibSqlServerWriter implements SqlWriter {
  readonly #connection: SqliteConnection;
  readonly #table: UsageTable;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#connection = sqliteConnection(orm);
    this.#table = table;
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    try {
      await this.#connection.ensureConnection();
      for (let start = 0; start < batch.length; start += CHUNK_RECORDS) {
        if (start > 0) await nextTurn();
        await this.#insert(batch.slice(start, start + CHUNK_RECORDS), signal);
      }
    } catch (error) {
      throw writeError(error, conditionOf(error), `table '${this.#table.name}'`);
    }
    return { stored: batch.length, refused: [] };
  }

  async #insert(chunk: readonly UsageRecord[], signal: AbortSignal): Promise<void> {
    const { name, columns } = this.#table;
    const rows = chunk.map((record) => {
      const values = rowOf(record);
      return Object.fromEntries(columns.map((column, index) => [column.name, values[index]]));
    });
    const client = this.#connection.getClient();
    // The lock may take long to get, and nobody may be waiting any more.
    await client.connection().execute(async (locked) => {
      signal.throwIfAborted();
      await locked
        .insertInto(name)
        .values(rows)
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    });
  }
}
