import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { TrackUsageError } from '../../../errors.js';
import { quote } from '../identifiers.js';

/** The part of a `Statement` of better-sqlite3 that is used here. libsql imitates it. */
export interface NativeStatement {
  /** Parameters one by one, or all of them as one list, which takes longer. */
  run(...parameters: readonly unknown[]): unknown;
  all(parameters?: readonly unknown[]): unknown[];
  iterate(): IterableIterator<unknown[]>;
  columns(): { readonly name: string }[];
  raw(): NativeStatement;
}

/**
 * The part of a `Database` of better-sqlite3 that is used here. libsql imitates it. All of it is synchronous.
 * The method `pragma` is left out: libsql's answers in another shape.
 */
export interface NativeDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): NativeStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

/** MikroORM's connection to SQLite. */
export interface SqliteConnection extends AbstractSqlConnection {
  getNativeClient(): Promise<NativeDatabase>;
}

/**
 * For connections of our own. SQLite would keep a write-ahead log as large as it once was. better-sqlite3 would keep 16 MB of
 * pages in memory, while records are written behind the last one: 4 MB take no more time, and leave room for more indexes.
 */
export const OWN_PRAGMAS =
  'pragma synchronous = normal; pragma journal_size_limit = 8388608; pragma cache_size = -4000';

/** The first value of the first row that a statement gives. */
export function firstValue(
  database: NativeDatabase,
  sql: string,
  parameters: readonly unknown[] = [],
): unknown {
  const [row] = database.prepare(sql).all(parameters);
  return Object.values((row as object | undefined) ?? {})[0];
}

/**
 * Runs a statement in a transaction of its own, and hands out the rows that it gives. One that writes takes the lock first: libsql would
 * leave a statement behind that did not get it, and then no transaction ends.
 */
export function runStatement(
  database: NativeDatabase,
  { sql, parameters }: { readonly sql: string; readonly parameters: readonly unknown[] },
): object[] {
  if (/^(?:select|pragma)\b/i.test(sql)) return database.prepare(sql).all(parameters) as object[];
  if (/^vacuum\b/i.test(sql)) {
    database.exec(sql);
    return [];
  }
  database.exec('begin immediate');
  try {
    database.prepare(sql).run(parameters);
    database.exec('commit');
  } catch (error) {
    if (database.inTransaction) database.exec('rollback');
    throw error;
  }
  return [];
}

/** How long statements wait for another connection's lock, in milliseconds; meanwhile they hold the event loop. */
export function busyTimeoutMs(database: NativeDatabase): number {
  return Number(firstValue(database, 'pragma busy_timeout'));
}

/** The database's file; null if it is in memory. */
export function fileOf(database: NativeDatabase): string | null {
  const file = firstValue(database, "select file from pragma_database_list where name = 'main'");
  return (file as string | null | undefined) || null;
}

/** Deletes records before a date, the oldest first, and so many of them at most. */
export function deleteSql(tableName: string): string {
  const [table, id, date] = [quote(tableName), quote('id'), quote('date')];
  return `delete from ${table} where ${id} in (select ${id} from ${table} where ${date} < ? order by ${date}, ${id} limit ?)`;
}

/**
 * Moves the content of the write-ahead log into the file, and makes the log empty: until then, deleted rows can be read in
 * the log. It takes two or three writes to the disk.
 *
 * @returns false where another connection reads or writes: then it has to be tried again
 */
export function emptyLog(database: NativeDatabase): boolean {
  return Number(firstValue(database, 'pragma wal_checkpoint(truncate)')) === 0;
}

/** The ORM's connection for writing. */
export function sqliteConnection(orm: MikroORM): SqliteConnection {
  return orm.em.getConnection('write') as unknown as SqliteConnection;
}

/**
 * Does something on a connection that fails where another connection holds the lock, rather than wait on the event loop.
 * Afterwards the application waits for locks there as long as before.
 *
 * @throws {TrackUsageError} `STORAGE_UNAVAILABLE` if the application has begun a transaction there
 */
export function withoutWaiting<Result>(database: NativeDatabase, action: () => Result): Result {
  // First of all: a client that was closed throws here, while libsql ends the process if it is asked for a transaction.
  const timeoutMs = busyTimeoutMs(database);
  if (database.inTransaction) {
    throw new TrackUsageError(
      'STORAGE_UNAVAILABLE',
      'The application has begun a transaction on the native client; its connection is left alone until that ends.',
    );
  }
  if (timeoutMs > 0) database.exec('pragma busy_timeout = 0');
  try {
    return action();
  } finally {
    if (timeoutMs > 0) database.exec(`pragma busy_timeout = ${timeoutMs}`);
  }
}

/**
 * Does something {@link withoutWaiting} between the application's transactions, which Kysely's lock on the connection keeps
 * it out of.
 *
 * @param database - the connection's native client
 * @throws the signal's reason if it is aborted before the lock is got
 */
export function betweenTransactions<Result>(
  connection: SqliteConnection,
  database: NativeDatabase,
  signal: AbortSignal,
  action: () => Result,
): Promise<Result> {
  return connection
    .getClient()
    .connection()
    .execute(async () => {
      // The lock may have taken long to get, and the action may no longer be waited for.
      signal.throwIfAborted();
      return withoutWaiting(database, action);
    });
}
