import { setTimeout as pause } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { type FoundTable, checkTable } from '../table-check.js';
import type { UsageTable } from '../usage-table.js';
import { isBusy } from './errors.js';
import { quote } from './identifiers.js';
import { type NativeDatabase, sqliteConnection, withoutWaiting } from './native-client.js';
import { syntaxOf } from './table-syntax.js';

/** How long other processes are waited for while the table is made, in milliseconds. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 20;

interface ColumnInfo {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
  readonly hidden: number;
}

/**
 * Makes the table and its index if they are missing, and checks the table if it is there; columns that a later version
 * brought are added. Several processes may do so at once. Readers and one writer can work side by side afterwards (write-ahead log).
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there with other columns
 */
export async function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  const database = await sqliteConnection(orm).getNativeClient();
  await patiently(database, () => {
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = normal');
  });
  await createIfMissing(orm, table);
}

/** The same, without a word about how the file is kept. */
export async function createIfMissing(orm: MikroORM, table: UsageTable): Promise<void> {
  const database = await sqliteConnection(orm).getNativeClient();
  const sql = await orm.schema.getCreateSchemaSQL({ wrap: false });
  await patiently(database, () => createTable(database, table, sql));
}

function createTable(database: NativeDatabase, table: UsageTable, sql: string): void {
  database.exec('begin immediate');
  try {
    const found = findTable(database, table);
    if (found.columns.length === 0) {
      database.exec(sql);
    } else {
      for (const statement of checkTable(table, found, syntaxOf(database, table))) database.exec(statement);
      ensureIndex(database, table);
    }
    database.exec('commit');
  } catch (error) {
    if (database.inTransaction) database.exec('rollback');
    throw error;
  }
}

/** Without it, every page of `getUsage` sorts the whole table. */
function ensureIndex(database: NativeDatabase, { name }: UsageTable): void {
  const indexed = database
    .prepare(
      "select l.name from pragma_index_list(?) l where (select group_concat(i.name) from pragma_index_info(l.name) i) = 'date,id'",
    )
    .all([name]);
  if (indexed.length === 0)
    database.exec(`create index ${quote(`${name}_date_id_index`)} on ${quote(name)} ("date", "id")`);
}

function findTable(database: NativeDatabase, { name }: UsageTable): FoundTable {
  const columns = database.prepare('select * from pragma_table_xinfo(?)').all([name]) as ColumnInfo[];
  return {
    columns: columns.map((column) => ({
      name: column.name,
      type: column.type.toLowerCase(),
      isNullable: column.notnull === 0,
      // A hidden column is one that SQLite computes.
      hasDefault: column.dflt_value !== null || column.hidden !== 0,
    })),
    primaryKey: columns.filter(({ pk }) => pk > 0).map((column) => column.name),
  };
}

/** Tries again, without holding the event loop, while another process has the lock. */
async function patiently(database: NativeDatabase, action: () => void): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return withoutWaiting(database, action);
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await pause(PAUSE_MS);
    }
  }
}
