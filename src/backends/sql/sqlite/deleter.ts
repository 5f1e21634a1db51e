import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { orAbort } from '../../../time/or-abort.js';
import type { SqlDeleter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { betweenTransactions, deleteSql, sqliteConnection } from './native-client.js';
import type { ThreadResult, ThreadTask } from './thread-program.js';
import { TASK_RECORDS, writeThreads } from './file-thread.js';

/** Records a statement on the event loop: this bounds how long a turn of it takes. */
const CHUNK_RECORDS = 50;

/**
 * Has a thread delete, in short transactions. Where there is none, it deletes through the native client itself, as
 * SqliteWriter writes: between the application's transactions, with a turn of the event loop between two statements, and
 * never waiting for another connection's lock.
 */
export function sqliteDeleter(orm: MikroORM, table: UsageTable): SqlDeleter {
  return {
    async delete(date, limit, signal) {
      const thread = writeThreads.get(orm);
      const isThreaded = thread !== undefined && (await thread.makeReady(signal));
      const mostRecords = isThreaded ? TASK_RECORDS : CHUNK_RECORDS;
      let total = 0;
      let isMore = true;
      while (isMore && total < limit) {
        const wanted = Math.min(mostRecords, limit - total);
        const task = { kind: 'delete', beforeMs: date.getTime(), limit: wanted } as const;
        const { deleted = 0 } = isThreaded
          ? await orAbort(thread.perform(task), signal)
          : await deleteHere(orm, table.name, task, signal);
        total += deleted;
        isMore = deleted === wanted;
      }
      return total;
    },
  };
}

async function deleteHere(
  orm: MikroORM,
  tableName: string,
  { beforeMs, limit }: Extract<ThreadTask, { kind: 'delete' }>,
  signal: AbortSignal,
): Promise<ThreadResult> {
  await nextTurn();
  const connection = sqliteConnection(orm);
  const database = await connection.getNativeClient();
  return betweenTransactions(connection, database, signal, () => {
    const deletion = database.prepare(deleteSql(tableName));
    const { changes } = deletion.run(beforeMs, limit) as { readonly changes: number };
    return { deleted: changes };
  });
}
