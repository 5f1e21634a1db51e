import { setTimeout as pause } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../errors.js';
import { orAbort } from '../../../time/or-abort.js';
import type { RunStatement } from '../kysely.js';
import { emptyLogOf, writeThreads } from './file-thread.js';
import { type NativeDatabase, betweenTransactions, runStatement, sqliteConnection } from './native-client.js';
import { noteFile, openFiles } from './open-file.js';
import { openIfLost, preparations } from './writer.js';

/** How long the thread is waited for, in milliseconds. */
const PATIENCE_MS = 30_000;

/** How long writing the file anew may take, in milliseconds: some ten seconds a gigabyte. */
const VACUUM_MS = 3_600_000;

const LOG_TRIES = 50;
const LOG_PAUSE_MS = 100;

/**
 * Does something with every deleted byte written over, and then empties the write-ahead log: SQLite would leave deleted rows in both until
 * they are needed for others.
 */
export async function withoutTraces<Value>(orm: MikroORM, action: () => Promise<Value>): Promise<Value> {
  const run = runOnSqlite(orm);
  const pragma = (sql: string): Promise<object[]> =>
    run({ sql: `pragma secure_delete${sql}`, parameters: [] }, AbortSignal.timeout(PATIENCE_MS));
  const [before] = await pragma('');
  await pragma(' = 1');
  try {
    const value = await action();
    // SQLite moves rows between pages, and writes nothing over where they were. An application's file is left to the application.
    if (preparations.has(orm)) await run({ sql: 'vacuum', parameters: [] }, AbortSignal.timeout(VACUUM_MS));
    await emptyLogInTime(orm);
    return value;
  } finally {
    await pragma(` = ${Number(Object.values(before ?? {})[0])}`);
  }
}

async function emptyLogInTime(orm: MikroORM): Promise<void> {
  for (let tries = 0; tries < LOG_TRIES; tries += 1) {
    if (await emptyLogOf(orm, await sqliteConnection(orm).getNativeClient())) return;
    await pause(LOG_PAUSE_MS);
  }
  throw new TrackUsageError(
    'STORAGE_UNAVAILABLE',
    'What was erased may still be read in the write-ahead log of SQLite, as another connection has been reading for long. Erase again when ' +
      'that has ended.',
  );
}

/**
 * Runs statements in the thread that writes. Where there is none, they run through the native client, between the application's
 * transactions, and never wait for another connection's lock. A file that was taken away is opened anew first.
 */
export function runOnSqlite(orm: MikroORM): RunStatement {
  const connection = sqliteConnection(orm);
  const run = async (database: NativeDatabase, ...[statement, signal]: Parameters<RunStatement>) => {
    const thread = writeThreads.get(orm);
    if (thread === undefined || !(await thread.makeReady(signal)))
      return betweenTransactions(connection, database, signal, () => runStatement(database, statement));
    const { sql, parameters } = statement;
    const { found = [] } = await orAbort(thread.perform({ kind: 'statement', sql, parameters }), signal);
    return found;
  };
  return async (statement, signal) => {
    const database = await connection.getNativeClient();
    if (!openFiles.has(database)) await (preparations.get(orm)?.() ?? noteFile(database));
    try {
      return await run(database, statement, signal);
    } catch (error) {
      if (!(await openIfLost(orm, database))) throw error;
      return run(await connection.getNativeClient(), statement, signal);
    }
  };
}
