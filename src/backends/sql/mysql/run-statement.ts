import type { MikroORM } from '@mikro-orm/core';
import { leaseOf } from '../connection-lease.js';
import { type RunStatement, needsKysely, runByKysely } from '../kysely.js';
import { execute, nativePool, takeConnection } from './native-client.js';
import { endTransaction, giveBack } from './writer.js';

/** Runs statements through mysql2's pool, on one connection at a time, or through MikroORM's Kysely, with any client. */
export function runOnMySql(orm: MikroORM): RunStatement {
  if (needsKysely(orm)) return runByKysely(orm);
  const lease = leaseOf(async () => takeConnection(await nativePool(orm)), giveBack);
  return ({ sql, parameters }, signal) =>
    lease(signal, async (connection) => {
      const result = await execute<unknown>(connection, sql, parameters);
      // The answer to a statement that reads does not tell of transactions.
      await endTransaction(
        connection,
        (await execute<{ serverStatus: number }>(connection, 'do 0')).serverStatus,
      );
      return Array.isArray(result) ? (result as object[]) : [];
    });
}
