import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { LOCK_WAIT_MS } from '../connection-lease.js';

type Callback<Value> = (error: Error | null, value: Value) => void;

/** The part of a connection of mysql2's pool that is used here. */
export interface NativeConnection {
  execute(sql: string, parameters: readonly unknown[], done: Callback<unknown>): unknown;
  release(): void;
  destroy(): void;
  readonly stream: { destroy(): void };
  /** The encoding of text that is sent, as Node calls it. */
  readonly clientEncoding: string;
}

/** The part of mysql2's pool that is used here. */
export interface NativePool {
  getConnection(done: Callback<NativeConnection>): void;
  on(event: 'connection', listener: (connection: NativeConnection) => void): unknown;
}

/** MySQL cannot be told for one statement how long it waits for the lock of a row. */
const SESSION = `set autocommit = 1, innodb_lock_wait_timeout = ${LOCK_WAIT_MS / 1000}`;

interface MySqlConnection extends AbstractSqlConnection {
  getNativeClient(): Promise<NativePool>;
}

/** The pool of the ORM's connection for writing. */
export function nativePool(orm: MikroORM): Promise<NativePool> {
  return (orm.em.getConnection('write') as unknown as MySqlConnection).getNativeClient();
}

/** A connection out of the pool. It has to be released or destroyed. */
export function takeConnection(pool: NativePool): Promise<NativeConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => (error === null ? resolve(connection) : reject(error)));
  });
}

/**
 * Has the connections of a pool commit by themselves. A server may be set to begin transactions instead: reads would begin one
 * that nobody ends, and go on seeing the rows of that time. Nor do the connections wait long for the lock of a row. It is for a
 * pool that is ours alone.
 */
export async function commitByThemselves(pool: NativePool): Promise<void> {
  // Where it fails, the next statement on the connection fails, and says why.
  pool.on('connection', (connection) => connection.execute(SESSION, [], () => {}));
  // A connection is there already; the others are yet to be made.
  const first = await takeConnection(pool);
  try {
    await execute(first, SESSION);
  } finally {
    first.release();
  }
}

/**
 * Runs a statement with its parameters beside it, as a prepared one, which the connection keeps for the next time: values
 * in the statement's text would depend on how the session reads that.
 */
export function execute<Result>(
  connection: NativeConnection,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Result> {
  return new Promise((resolve, reject) => {
    connection.execute(sql, parameters, (error, result) =>
      error === null ? resolve(result as Result) : reject(error),
    );
  });
}
