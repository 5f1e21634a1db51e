import { setTimeout as pause } from 'node:timers/promises';
import { IsolationLevel, type MikroORM } from '@mikro-orm/core';
import { databaseError } from '../../base/database-error.js';
import type { PrepareTable } from '../dialect.js';
import { quoteTable } from '../identifiers.js';
import type { UsageTable } from '../usage-table.js';
import { postgresConnection } from './native-client.js';

type Connection = ReturnType<typeof postgresConnection>;

/** How long is waited before another process is asked again whether it has made the indexes, in milliseconds. */
const TURN_PAUSE_MS = 50;

/**
 * Prepares a table, and makes its indexes while others write to it. One process does so at a time: two would wait for each
 * other. The transaction that keeps the turn has no snapshot between its statements, as an index would wait for that.
 */
export async function withIndexes(orm: MikroORM, table: UsageTable, prepare: PrepareTable): Promise<void> {
  const connection = postgresConnection(orm);
  const name = orm.em.getPlatform().quoteValue(quoteTable(table));
  const takeTurn =
    "select set_config('idle_in_transaction_session_timeout', '0', true), " +
    `pg_try_advisory_xact_lock(hashtext('koa-track-usage'), hashtext(${name})) as is_mine`;
  const inTurn = async (transaction: unknown): Promise<boolean> => {
    const [turn] = await connection.execute<{ is_mine: boolean }[]>(takeTurn, [], 'all', transaction);
    if (turn?.is_mine !== true) return false;
    await dropBroken(connection, name);
    await prepare((sql) => makeConcurrently(connection, name, sql));
    return true;
  };
  const options = { isolationLevel: IsolationLevel.READ_COMMITTED };
  while (!(await connection.transactional(inTurn, options))) await pause(TURN_PAUSE_MS);
}

async function makeConcurrently(connection: Connection, table: string, sql: string): Promise<unknown> {
  const online = sql.replace('create index', 'create index concurrently');
  try {
    return await connection.execute(online);
  } catch (error) {
    // What cannot be dropped now is dropped at the next start.
    await dropBroken(connection, table).catch(() => {});
    // The table is partitioned, and PostgreSQL makes no index of such a table concurrently.
    if ((error as { code?: unknown }).code === '0A000') return connection.execute(sql);
    const advice = `Have somebody who may run: ${online};`;
    throw databaseError(error, { advice }, 'An index cannot be made');
  }
}

/** Drops indexes of ours that could not be made to the end: no query uses them, and every write pays for them. */
async function dropBroken(connection: Connection, table: string): Promise<void> {
  const broken = await connection.execute<{ name: string }[]>(
    'select indexrelid::regclass::text as name from pg_index ' +
      `where indrelid = to_regclass(${table}) and not indisvalid and pg_get_indexdef(indexrelid) like '%date, id)'`,
  );
  for (const { name } of broken) await connection.execute(`drop index concurrently if exists ${name}`);
}
