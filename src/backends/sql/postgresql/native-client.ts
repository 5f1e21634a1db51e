import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';

/** A statement with its parameters. Those that are bytes are sent in PostgreSQL's binary format. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | Buffer)[];
}

/** The part of pg's client that is used here. */
export interface NativeClient {
  readonly host: string;
  readonly port: number;
  /** The server's process, and what proves to it that a request to cancel is ours. */
  readonly processID: number | null;
  readonly secretKey: number | null;
  query(statement: string | Statement): Promise<{ readonly rows: readonly unknown[] }>;
  /** Gives it back to its pool, or destroys it. */
  release(destroy?: boolean): void;
}

/** The part of pg's pool that is used here. */
export interface NativePool {
  connect(): Promise<NativeClient>;
}

/** MikroORM's connection to PostgreSQL. */
export interface PostgresConnection extends AbstractSqlConnection {
  getNativeClient(): Promise<NativePool>;
}

/** The ORM's connection for writing. */
export function postgresConnection(orm: MikroORM): PostgresConnection {
  return orm.em.getConnection('write') as unknown as PostgresConnection;
}

/** How statements get to the server. */
export interface StatementRunner {
  /** Runs a statement by itself, in no transaction of the application. Rejects at once when the signal is aborted. */
  run(statement: Statement, signal: AbortSignal): Promise<void>;
}
