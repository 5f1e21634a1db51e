import { pathToFileURL } from 'node:url';
import { SqlitePlatform } from '@mikro-orm/sql';
import { LIBSQL_SERVER, isLibSqlServer } from '../../mikro-orm/holds-loop.js';
import type { SqlDialect } from '../dialect.js';
import { cannotOpen } from '../errors.js';
import { KyselySalts } from '../kysely-salts.js';
import { drives, runByKysely } from '../kysely.js';
import { PortableDeleter } from '../portable/deleter.js';
import { sqliteDeleter } from '../sqlite/deleter.js';
import { sqliteDialect } from '../sqlite/dialect.js';
import { runOnSqlite, withoutTraces } from '../sqlite/run-statement.js';
import { SqliteSalts } from '../sqlite/salts.js';
import { SqliteWriter } from '../sqlite/writer.js';
import { SERVER_ADVICE, conditionOf } from './errors.js';
import { createLibSqlServerWriter } from './writer.js';

/**
 * libSQL: a file, by the package libsql, which imitates better-sqlite3 and so shares SQLite's writer; or a server.
 */
export const libSqlDialect: SqlDialect = {
  ...sqliteDialect,
  name: 'libsql',
  remote: { pattern: LIBSQL_SERVER, example: "a URL, such as 'libsql://usage.example.com'" },
  // There is no thread of ours whose transactions the application would have to wait for.
  connectionOptions: { driverOptions: { timeout: 0 } },
  readOnlyOptions: (target, given) =>
    LIBSQL_SERVER.test(target) || 'url' in given || 'syncUrl' in given ? {} : { url: readOnlyUrl(target) },
  matches: (driver) => driver.getPlatform() instanceof SqlitePlatform && drives(driver, 'libsql'),
  // A server decides itself how it keeps its files.
  aroundTable: (orm, prepare, table) =>
    isLibSqlServer(orm) ? prepare() : (sqliteDialect.aroundTable?.(orm, prepare, table) ?? prepare()),
  conditionOf,
  createWriter: (orm, table) =>
    isLibSqlServer(orm) ? createLibSqlServerWriter(orm, table) : new SqliteWriter(orm, table),
  createReading: () => null,
  createDeleter: (orm, table) =>
    isLibSqlServer(orm) ? new PortableDeleter(orm, table) : sqliteDeleter(orm, table),
  createSalts: (orm, table) =>
    isLibSqlServer(orm) ? new KyselySalts(orm, table, { conditionOf }) : new SqliteSalts(orm, table),
  withoutTraces: (orm, action) => (isLibSqlServer(orm) ? action() : withoutTraces(orm, action)),
  createRunner: (orm) => (isLibSqlServer(orm) ? runByKysely(orm) : runOnSqlite(orm)),
  explainConnect: (target, error) =>
    LIBSQL_SERVER.test(target)
      ? cannotOpen(`the libSQL server '${target}'`, error, 'unavailable', SERVER_ADVICE)
      : sqliteDialect.explainConnect(target, error).replaceAll('SQLite', 'libSQL'),
};

/** A file as SQLite opens it for reading only: libsql itself has no option for that. */
function readOnlyUrl(file: string): string {
  const url = file.startsWith('file:') ? file : pathToFileURL(file).href;
  return `${url}${url.includes('?') ? '&' : '?'}mode=ro`;
}
