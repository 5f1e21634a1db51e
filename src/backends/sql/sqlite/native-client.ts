import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { TrackUsageError } from '../../../errors.js';

/** The part of a `Statement` of better-sqlite3 that is used here, and that libsql imitates. */
export interface NativeStatement {
  /** Parameters one by one, or all of them as one list, which takes longer. */
  run(...parameters: readonly unknown[]): unknown;
  all(parameters?: readonly unknown[]): unknown[];
}

/**
 * The part of a `Database` of better-sqlite3 that is used here, and that libsql imitates. All of it is synchronous.
 * `pragma` is none of it: libsql's answers in another shape.
 */
export interface NativeDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): NativeStatement;
  exec(sql: string): unknown;
}

/** MikroORM's connection to SQLite. */
export interface SqliteConnection extends AbstractSqlConnection {
  getNativeClient(): Promise<NativeDatabase>;
}

/** How long statements wait for another connection's lock, in milliseconds; meanwhile they hold the event loop. */
export function busyTimeoutMs(database: NativeDatabase): number {
  const [row] = database.prepare('pragma busy_timeout').all();
  return Number((row as { timeout?: unknown } | undefined)?.timeout);
}

/** The database's file; null if it is in memory. */
export function fileOf(database: NativeDatabase): string | null {
  const [row] = database.prepare("select file from pragma_database_list where name = 'main'").all();
  return (row as { file?: string | null } | undefined)?.file || null;
}

/** The ORM's connection for writing. */
export function sqliteConnection(orm: MikroORM): SqliteConnection {
  return orm.em.getConnection('write') as unknown as SqliteConnection;
}

/**
 * Does something on a connection that fails where another one holds the lock, rather than wait on the event loop. How long
 * the application waits for locks there is as before afterwards.
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
      // The lock may have taken long to get, and nobody may be waiting any more.
      signal.throwIfAborted();
      return withoutWaiting(database, action);
    });
}
