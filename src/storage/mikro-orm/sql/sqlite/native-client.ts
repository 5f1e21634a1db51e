import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';

/** The part of a `Statement` of better-sqlite3 that is used here, and that libsql imitates. */
export interface NativeStatement {
  run(parameters?: readonly unknown[]): unknown;
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
