import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../../record/usage-record.js';
import { type Insert, createChunkWriter } from '../chunk-writer.js';
import type { SqlWriter } from '../dialect.js';
import { sqliteConnection } from '../sqlite/native-client.js';
import { rowOf } from '../sqlite/row-inserter.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf } from './errors.js';

/** Records a statement. Each has some thirty parameters, and SQLite takes 32,766 a statement. */
const CHUNK_RECORDS = 100;

/**
 * Makes the writer to a libSQL server. libsql waits for each answer on the event loop, so a chunk is one statement, which
 * costs two requests: the chunk is kept as a whole or not at all.
 */
export function createLibSqlServerWriter(orm: MikroORM, table: UsageTable): SqlWriter {
  const { name, columns } = table;
  const connection = sqliteConnection(orm);
  const valuesOf = (record: UsageRecord): object => {
    const row = rowOf(record);
    return Object.fromEntries(columns.map((column, index) => [column.name, row[index]]));
  };
  const insert: Insert = async (chunk, signal) => {
    await connection.ensureConnection();
    const rows = chunk.map(valuesOf);
    await connection
      .getClient()
      .connection()
      .execute(async (client) => {
        // The lock may take long to get, and nobody may be waiting any more.
        signal.throwIfAborted();
        const inserting = client.insertInto(name).values(rows);
        await inserting.onConflict((conflict) => conflict.column('id').doNothing()).execute();
      });
    return chunk.length;
  };
  return createChunkWriter(orm, table, { conditionOf, insert, chunkRecords: CHUNK_RECORDS });
}
