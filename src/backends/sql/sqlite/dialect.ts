import type { MikroORM } from '@mikro-orm/core';
import { SqlitePlatform } from '@mikro-orm/sql';
import type { PrepareTable, SqlDialect } from '../dialect.js';
import { drives } from '../kysely.js';
import { cannotOpen } from '../errors.js';
import { patiently } from '../prepare-table.js';
import { SqliteDeleter } from './deleter.js';
import { FILE_ADVICE, conditionOf, isBusy } from './errors.js';
import { busyTimeoutMs, sqliteConnection } from './native-client.js';
import { SqliteSalts } from './salts.js';
import { ThreadWriter } from './thread-writer.js';
import { WriteThread } from './write-thread.js';
import { SqliteWriter } from './writer.js';

/**
 * How long what the application does on a connection of our own waits for a lock, in milliseconds: meanwhile it holds
 * the event loop. A transaction of our thread takes some 2 ms, and no more than two of them are on their way.
 */
const APPLICATION_PATIENCE_MS = 250;

/** SQLite, by better-sqlite3. */
export const sqliteDialect: SqlDialect = {
  name: 'sqlite',
  isEmbedded: true,
  reservedNames: { pattern: /^sqlite_/i, expected: "does not begin with 'sqlite_'" },
  // What we do there ourselves goes on without waiting.
  connectionOptions: { driverOptions: { timeout: APPLICATION_PATIENCE_MS } },
  readOnlyOptions: () => ({ readonly: true }),
  matches: (driver) => driver.getPlatform() instanceof SqlitePlatform && drives(driver, 'better-sqlite3'),
  aroundTable,
  conditionOf,
  createWriter: (orm, table, isOwn) => {
    const writer = new SqliteWriter(orm, table);
    return isOwn ? new ThreadWriter(new WriteThread(orm, table), table, writer) : writer;
  },
  createDeleter: (orm, table) => new SqliteDeleter(orm, table),
  createSalts: (orm, table) => new SqliteSalts(orm, table),
  explainConnect: (file, error) =>
    isBusy(error)
      ? `another process keeps the SQLite file '${file}' locked. Try again when it is done.`
      : cannotOpen(`the SQLite file '${file}'`, error, conditionOf(error), FILE_ADVICE),
};

/**
 * Has readers and one writer work side by side in a file (write-ahead log). Meanwhile no statement holds the event loop until
 * another process gives its lock back.
 */
async function aroundTable(orm: MikroORM, prepare: PrepareTable): Promise<void> {
  const database = await sqliteConnection(orm).getNativeClient();
  const timeoutMs = busyTimeoutMs(database);
  database.exec('pragma busy_timeout = 0');
  try {
    await patiently(orm, () => database.exec('pragma journal_mode = wal'));
    database.exec('pragma synchronous = normal');
    await prepare();
  } finally {
    database.exec(`pragma busy_timeout = ${timeoutMs}`);
  }
}
