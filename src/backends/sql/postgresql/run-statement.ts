import type { MikroORM } from '@mikro-orm/core';
import { leaseOf } from '../connection-lease.js';
import { type RunStatement, needsKysely, runByKysely } from '../kysely.js';
import { postgresConnection } from './native-client.js';
import { giveBack } from './writer.js';

/** Runs statements through pg's pool, on one connection at a time, or through MikroORM's Kysely, with any client. */
export function runOnPostgres(orm: MikroORM): RunStatement {
  if (needsKysely(orm)) return runByKysely(orm);
  const lease = leaseOf(async () => (await postgresConnection(orm).getNativeClient()).connect(), giveBack);
  return ({ sql, parameters }, signal) =>
    lease(signal, async (client) => {
      const { rows } = await client.query({ text: sql, values: parameters as string[] });
      return rows as object[];
    });
}
