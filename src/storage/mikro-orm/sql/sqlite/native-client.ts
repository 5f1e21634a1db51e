import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';

/** The part of better-sqlite3's `Statement` that is used here. */
export interface NativeStatement {
  run(parameters?: readonly unknown[]): unknown;
  all(parameters?: readonly unknown[]): unknown[];
}

/** The part of better-sqlite3's `Database` that is used here. All of it is synchronous. */
export interface NativeDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): NativeStatement;
  exec(sql: string): unknown;
  pragma(source: string, options: { simple: true }): unknown;
}

/** MikroORM's connection to SQLite. */
export interface SqliteConnection extends AbstractSqlConnection {
  getNativeClient(): Promise<NativeDatabase>;
}

/** The ORM's connection for writing. */
export function sqliteConnection(orm: MikroORM): SqliteConnection {
  return orm.em.getConnection('write') as unknown as SqliteConnection;
}
