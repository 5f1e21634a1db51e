import type { MikroORM } from '@mikro-orm/core';
import { SqlitePlatform } from '@mikro-orm/sql';
import type { PrepareTable, SqlDialect } from '../dialect.js';
import { drives } from '../kysely.js';
import { cannotOpen } from '../errors.js';
import { patiently } from '../prepare-table.js';
import { sqliteDeleter } from './deleter.js';
import { FILE_ADVICE, conditionOf, isBusy } from './errors.js';
import { OWN_PRAGMAS, busyTimeoutMs, sqliteConnection } from './native-client.js';
import { noteFile } from './open-file.js';
import { runOnSqlite, withoutTraces } from './run-statement.js';
import { SqliteSalts } from './salts.js';
import { FileThread } from './file-thread.js';
import { SqliteWriter, preparations } from './writer.js';

/**
 * How long the application's own statements on a connection of ours wait for a lock, in milliseconds: meanwhile they hold
 * the event loop. A transaction of our thread takes some 2 ms, and no more than two of them are on their way.
 */
const APPLICATION_PATIENCE_MS = 250;

/** SQLite, by better-sqlite3. */
export const sqliteDialect: SqlDialect = {
  name: 'sqlite',
  isEmbedded: true,
  reservedNames: { pattern: /^sqlite_/i, expected: "does not begin with 'sqlite_'" },
  // Our own statements there do not wait.
  connectionOptions: { driverOptions: { timeout: APPLICATION_PATIENCE_MS } },
  sharingRisk: 'A transaction of theirs that reads and then writes may fail with SQLITE_BUSY_SNAPSHOT.',
  readOnlyOptions: () => ({ readonly: true }),
  matches: (driver) => driver.getPlatform() instanceof SqlitePlatform && drives(driver, 'better-sqlite3'),
  aroundTable,
  conditionOf,
  createWriter: (orm, table, isOwn) =>
    new SqliteWriter(orm, table, isOwn ? new FileThread(orm, table) : null),
  createReading: (orm, table) => new FileThread(orm, table),
  createDeleter: sqliteDeleter,
  createSalts: (orm, table) => new SqliteSalts(orm, table),
  createRunner: runOnSqlite,
  withoutTraces,
  explainConnect: (file, error) =>
    isBusy(error)
      ? `another process keeps the SQLite file '${file}' locked. Try again when it is done.`
      : cannotOpen(`the SQLite file '${file}'`, error, conditionOf(error), FILE_ADVICE),
};

/**
 * Has readers and one writer work side by side in a file (write-ahead log). While the table is prepared, no statement holds
 * the event loop until another process gives its lock back.
 */
async function aroundTable(orm: MikroORM, prepare: PrepareTable): Promise<void> {
  const database = await sqliteConnection(orm).getNativeClient();
  const timeoutMs = busyTimeoutMs(database);
  database.exec('pragma busy_timeout = 0');
  try {
    await patiently(orm, () => database.exec('pragma journal_mode = wal'));
    database.exec(OWN_PRAGMAS);
    await prepare();
    await noteFile(database);
    preparations.set(orm, () => aroundTable(orm, prepare));
  } finally {
    database.exec(`pragma busy_timeout = ${timeoutMs}`);
  }
}
