import { setTimeout as pause } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../../errors.js';
import type { UsageTable } from '../usage-table.js';
import { isBusy } from './errors.js';
import { quote } from './identifiers.js';
import { type NativeDatabase, sqliteConnection } from './native-client.js';

/** How long other processes are waited for while the table is made, in milliseconds. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 20;

interface ColumnInfo {
  readonly name: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
}

/**
 * Makes the table and its index if they are missing, and checks the table if it is there. Several processes may
 * do so at once. Readers and one writer can work side by side afterwards (write-ahead log).
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there with other columns
 */
export async function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  const database = await sqliteConnection(orm).getNativeClient();
  const sql = await orm.schema.getCreateSchemaSQL({ wrap: false });
  await patiently(() => {
    database.pragma('journal_mode = wal', { simple: true });
    database.pragma('synchronous = normal', { simple: true });
    createTable(database, table, sql);
  });
}

function createTable(database: NativeDatabase, table: UsageTable, sql: string): void {
  database.exec('begin immediate');
  try {
    const columns = database.prepare('select * from pragma_table_info(?)').all([table.name]) as ColumnInfo[];
    if (columns.length === 0) {
      database.exec(sql);
    } else {
      checkColumns(table, columns);
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

function checkColumns(table: UsageTable, found: readonly ColumnInfo[]): void {
  const expected = new Set(table.columns.map(({ name }) => name));
  const names = new Set(found.map(({ name }) => name));
  const missing = [...expected].filter((name) => !names.has(name));
  const demanding = found.filter(
    (info) => !expected.has(info.name) && info.notnull === 1 && info.dflt_value === null,
  );
  const problems: string[] = [];
  if (missing.length > 0) problems.push(`it lacks the columns ${missing.join(', ')}`);
  if (demanding.length > 0) {
    problems.push(
      `it demands values for ${demanding.map(({ name }) => name).join(', ')}, which records do not have`,
    );
  }
  const primary = found.filter(({ pk }) => pk > 0).map(({ name }) => name);
  if (missing.length === 0 && primary.join('\n') !== 'id') {
    problems.push('its primary key is not the column id');
  }
  if (problems.length === 0) return;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The table '${table.name}' is not one of usage records: ${problems.join('; ')}. ` +
      'Rename that table, or give SqlStorage.connect another tableName.',
  );
}

/** Tries again, without holding the event loop, while another process has the lock. */
async function patiently(action: () => void): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await pause(PAUSE_MS);
    }
  }
}
