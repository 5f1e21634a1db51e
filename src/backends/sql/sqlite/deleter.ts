import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { orAbort } from '../../../time/or-abort.js';
import type { SqlDeleter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { deleteSql } from './deletion.js';
import { type NativeStatement, betweenTransactions, sqliteConnection } from './native-client.js';
import { PIECE_RECORDS, WriteThread } from './write-thread.js';

/** Records a statement on the event loop: this bounds how long a turn of it takes. */
const CHUNK_RECORDS = 50;

/**
 * Has a thread delete, in short transactions. Where there is none, it deletes through the native client itself, as
 * SqliteWriter writes: between the application's transactions, with a turn of the event loop between two statements, and
 * never waiting for another connection's lock.
 */
export class SqliteDeleter implements SqlDeleter {
  readonly #orm: MikroORM;
  readonly #table: UsageTable;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#orm = orm;
    this.#table = table;
  }

  /** @inheritdoc */
  async delete(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    const thread = WriteThread.of(this.#orm);
    if (thread !== undefined && (await thread.makeReady(signal))) {
      return deleteInPieces(limit, PIECE_RECORDS, async (wanted) => {
        const task = { kind: 'delete', beforeMs: date.getTime(), limit: wanted } as const;
        return (await orAbort(thread.perform(task), signal)).deleted;
      });
    }
    const connection = sqliteConnection(this.#orm);
    const database = await connection.getNativeClient();
    let statement: NativeStatement | null = null;
    return deleteInPieces(limit, CHUNK_RECORDS, async (wanted) => {
      await nextTurn();
      return betweenTransactions(connection, database, signal, () => {
        statement ??= database.prepare(deleteSql(this.#table.name));
        return (statement.run(date.getTime(), wanted) as { readonly changes: number }).changes;
      });
    });
  }
}

/** @param deletePiece - deletes so many at most, and says how many it deleted */
async function deleteInPieces(
  limit: number,
  pieceRecords: number,
  deletePiece: (wanted: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  while (total < limit) {
    const wanted = Math.min(pieceRecords, limit - total);
    const deleted = await deletePiece(wanted);
    total += deleted;
    if (deleted < wanted) break;
  }
  return total;
}
