import { pathToFileURL } from 'node:url';
import type { MikroORM } from '@mikro-orm/core';
import { SqlitePlatform } from '@mikro-orm/sql';
import type { SqlDialect } from '../dialect.js';
import { cannotOpen } from '../errors.js';
import { KyselySalts } from '../kysely-salts.js';
import { drives } from '../kysely.js';
import { PortableDeleter } from '../portable/deleter.js';
import { sqliteDeleter } from '../sqlite/deleter.js';
import { sqliteDialect } from '../sqlite/dialect.js';
import { SqliteSalts } from '../sqlite/salts.js';
import { SqliteWriter } from '../sqlite/writer.js';
import { SERVER_ADVICE, conditionOf } from './errors.js';
import { createLibSqlServerWriter } from './writer.js';

/** A name that libsql takes for a server rather than for a file. */
const REMOTE_URL = /^(https?|libsql):\/\//i;

/**
 * libSQL: a file, by the package libsql, which imitates better-sqlite3 and so shares SQLite's writer; or a server.
 */
export const libSqlDialect: SqlDialect = {
  ...sqliteDialect,
  name: 'libsql',
  remote: { pattern: REMOTE_URL, example: "a URL, such as 'libsql://usage.example.com'" },
  // There is no thread of ours whose transactions the application would have to wait for.
  connectionOptions: { driverOptions: { timeout: 0 } },
  readOnlyOptions: (target, given) =>
    REMOTE_URL.test(target) || 'url' in given || 'syncUrl' in given ? {} : { url: readOnlyUrl(target) },
  matches: (driver) => driver.getPlatform() instanceof SqlitePlatform && drives(driver, 'libsql'),
  // A server decides itself how it keeps its files.
  aroundTable: (orm, prepare, table) =>
    isRemote(orm) ? prepare() : (sqliteDialect.aroundTable?.(orm, prepare, table) ?? prepare()),
  conditionOf,
  createWriter: (orm, table) =>
    isRemote(orm) ? createLibSqlServerWriter(orm, table) : new SqliteWriter(orm, table),
  createDeleter: (orm, table) =>
    isRemote(orm) ? new PortableDeleter(orm, table) : sqliteDeleter(orm, table),
  createSalts: (orm, table) =>
    isRemote(orm) ? new KyselySalts(orm, table, { conditionOf }) : new SqliteSalts(orm, table),
  explainConnect: (target, error) =>
    REMOTE_URL.test(target)
      ? cannotOpen(`the libSQL server '${target}'`, error, 'unavailable', SERVER_ADVICE)
      : sqliteDialect.explainConnect(target, error).replaceAll('SQLite', 'libSQL'),
};

/**
 * Whether an ORM's libSQL database is on a server, wholly or as the primary of a local replica. Every statement is a
 * request then, which libsql waits for on the event loop.
 */
function isRemote(orm: MikroORM): boolean {
  const { url, syncUrl }: { url?: unknown; syncUrl?: unknown } = orm.config.get('driverOptions');
  return typeof syncUrl === 'string' || REMOTE_URL.test(String(url ?? orm.config.get('dbName')));
}

/** A file as SQLite opens it for reading only: libsql itself has no option for that. */
function readOnlyUrl(file: string): string {
  const url = file.startsWith('file:') ? file : pathToFileURL(file).href;
  return `${url}${url.includes('?') ? '&' : '?'}mode=ro`;
}
