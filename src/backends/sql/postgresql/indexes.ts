import { setTimeout as pause } from 'node:timers/promises';
import { IsolationLevel, type MikroORM } from '@mikro-orm/core';
import { databaseError } from '../../mikro-orm/database-error.js';
import type { PrepareTable } from '../dialect.js';
import { quoteTable } from '../identifiers.js';
import type { UsageTable } from '../usage-table.js';
import { postgresConnection } from './native-client.js';

/** How long is waited before another process is asked again whether it has made the indexes, in milliseconds. */
const TURN_PAUSE_MS = 50;

/** What PostgreSQL says of an index that it cannot make concurrently, as the table is partitioned. */
const UNSUPPORTED = '0A000';

/**
 * Prepares a table, and makes its indexes while others write to it. One process does so at a time, as two would wait for each
 * other. The transaction that keeps the turn has no snapshot between its statements, for which the making of an index would
 * wait.
 */
export async function withIndexes(orm: MikroORM, table: UsageTable, prepare: PrepareTable): Promise<void> {
  const connection = postgresConnection(orm);
  const name = orm.em.getPlatform().quoteValue(quoteTable(table));
  const takeTurn =
    "select set_config('idle_in_transaction_session_timeout', '0', true), " +
    `pg_try_advisory_xact_lock(hashtext('koa-track-usage'), hashtext(${name})) as is_mine`;
  const inTurn = (): Promise<boolean> =>
    connection.transactional(
      async (transaction) => {
        const [turn] = await connection.execute<{ is_mine: boolean }[]>(takeTurn, [], 'all', transaction);
        if (turn?.is_mine !== true) return false;
        await dropBroken(orm, name);
        await prepare((sql) => makeConcurrently(orm, name, sql));
        return true;
      },
      { isolationLevel: IsolationLevel.READ_COMMITTED },
    );
  while (!(await inTurn())) await pause(TURN_PAUSE_MS);
}

async function makeConcurrently(orm: MikroORM, table: string, sql: string): Promise<unknown> {
  const connection = postgresConnection(orm);
  const online = sql.replace('create index', 'create index concurrently');
  try {
    return await connection.execute(online);
  } catch (error) {
    // What cannot be dropped now is dropped at the next start.
    await dropBroken(orm, table).catch(() => {});
    if ((error as { code?: unknown }).code === UNSUPPORTED) return connection.execute(sql);
    throw databaseError(
      error,
      { advice: `Have somebody who may run: ${online};` },
      'An index cannot be made',
    );
  }
}

/** Drops what is left of indexes of ours that could not be made to the end: no query uses them, and every write pays for them. */
async function dropBroken(orm: MikroORM, table: string): Promise<void> {
  const connection = postgresConnection(orm);
  const broken = await connection.execute<{ name: string }[]>(
    'select indexrelid::regclass::text as name from pg_index ' +
      `where indrelid = to_regclass(${table}) and not indisvalid and pg_get_indexdef(indexrelid) like '%date, id)'`,
  );
  for (const { name } of broken) await connection.execute(`drop index concurrently if exists ${name}`);
}
