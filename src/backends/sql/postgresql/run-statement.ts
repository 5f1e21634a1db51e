import type { MikroORM } from '@mikro-orm/core';
import { leaseOf } from '../connection-lease.js';
import { orAbort } from '../../../time/or-abort.js';
import { type RunStatement, needsKysely, runByKysely } from '../kysely.js';
import { mayBeEnding } from './errors.js';
import { type NativeClient, postgresConnection } from './native-client.js';

/** Gives a client back to its pool, or destroys it. */
export function giveBack(client: NativeClient, error: unknown): void {
  client.release(error !== null && mayBeEnding(error));
}

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

/** Runs a statement outside of any transaction, as some have to, and resolves with the rows that it gives. */
export type RunAlone = (sql: string, signal: AbortSignal) => Promise<object[]>;

/** Runs statements one at a time, outside of transactions, through pg's pool or MikroORM's connection. */
export function runAlone(orm: MikroORM): RunAlone {
  if (needsKysely(orm)) return (sql, signal) => orAbort(postgresConnection(orm).execute(sql), signal);
  const run = runOnPostgres(orm);
  return (sql, signal) => run({ sql, parameters: [] }, signal);
}
