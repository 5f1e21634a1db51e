import type { IDatabaseDriver, MikroORM } from '@mikro-orm/core';
import { type AbstractSqlConnection, Kysely } from '@mikro-orm/sql';
import { Mutex } from '../base/mutex.js';
import { orAbort } from '../../time/or-abort.js';

/**
 * Whether the options of a driver hold a client that the user made: an instance of Kysely, a dialect of Kysely
 * such as MikroORM's `NodeSqliteDialect`, or a function that makes one of them. The options are then passed on as they are.
 */
export function isReadyMade(driverOptions: unknown): boolean {
  if (typeof driverOptions === 'function' || driverOptions instanceof Kysely) return true;
  return typeof driverOptions === 'object' && driverOptions !== null && 'createDriver' in driverOptions;
}

/** The hooks of MikroORM that make a connection ready before it is used. */
const HOOKS = ['onCreateConnection', 'onReserveConnection'] as const;

/**
 * Whether the application has its connections made ready by MikroORM, or has given it a client of its own: then the pool
 * cannot be used behind MikroORM's back.
 */
export function needsKysely({ config }: MikroORM): boolean {
  return (
    HOOKS.some((hook) => config.get(hook) !== undefined) ||
    (config.get('sessionContext') as unknown) === 'connection' ||
    isReadyMade(config.get('driverOptions'))
  );
}

/**
 * Whether a driver of MikroORM makes its connections by a certain package, so that its native client is that package's.
 * The package's name is data of the driver: it survives minifying, and is there before anything is connected.
 */
export function drives(driver: IDatabaseDriver, packageName: string): boolean {
  return driver.getDependencies().includes(packageName) && !isReadyMade(driver.config.get('driverOptions'));
}

/**
 * Does something on one connection, in a transaction of its own: sessions without autocommit would begin one and never end
 * it. It is Kysely's transaction, as MikroORM's keeps the connection from the pool for ever where a rollback fails.
 *
 * @throws the signal's reason if it is aborted before the transaction has begun
 */
export async function inTransaction<Value, Tables = unknown>(
  orm: MikroORM,
  signal: AbortSignal,
  action: (transaction: Kysely<Tables>) => Promise<Value>,
): Promise<Value> {
  const connection = orm.em.getConnection('write') as AbstractSqlConnection;
  await connection.ensureConnection();
  return connection
    .getClient<Tables>()
    .transaction()
    .execute(async (transaction) => {
      // The connection may have taken long to get, and nobody may be waiting any more.
      signal.throwIfAborted();
      return action(transaction);
    });
}

/** A statement, as Kysely builds one. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Runs a statement in a transaction of its own, and resolves with the rows that it gives. */
export type RunStatement = (statement: Statement, signal: AbortSignal) => Promise<object[]>;

/** Runs a statement through MikroORM's Kysely, with any client. It goes on when nobody waits for it any more. */
const runUnbounded = (orm: MikroORM, statement: Statement, signal: AbortSignal): Promise<object[]> =>
  inTransaction(orm, signal, async (transaction) => {
    // A statement that Kysely has not built, as `CompiledQuery.raw` makes it; Kysely is MikroORM's dependency, not ours.
    const query = { kind: 'RawNode', sqlFragments: [statement.sql], parameters: [] };
    const built = { query, queryId: { queryId: 'koa-track-usage' }, ...statement };
    const { rows } = await transaction.executeQuery(built as never);
    return rows as object[];
  });

/** Makes a function that runs statements through MikroORM's Kysely, with any client, each as long as it is waited for. */
export function runByKysely(orm: MikroORM): RunStatement {
  return (statement, signal) => orAbort(runUnbounded(orm, statement, signal), signal);
}

/**
 * Makes a function that runs statements through MikroORM's Kysely one after another. A statement that is no longer waited for keeps
 * its connection until the server has answered; the next statement waits for the answer, so that there are never two in the server.
 */
export function kyselyRunner(
  orm: MikroORM,
): (signal: AbortSignal, sql: string, parameters?: readonly unknown[]) => Promise<unknown> {
  const mutex = new Mutex();
  return (signal, sql, parameters = []) =>
    mutex.run(signal, () => runUnbounded(orm, { sql, parameters }, signal));
}
