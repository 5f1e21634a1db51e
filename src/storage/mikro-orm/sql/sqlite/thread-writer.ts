import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UsageRecord } from '../../../../record/usage-record.js';
import type { RefusedRecord, StoreResult } from '../../../usage-storage.js';
import { orAbort } from '../../or-abort.js';
import type { SqlWriter } from '../sql-writer.js';
import type { UsageTable } from '../usage-table.js';
import { storageError } from './errors.js';
import { RowPacker } from './packed-rows.js';
import { type WriteThread, errorOf } from './write-thread.js';

/** Records a transaction: as long as it lasts, nobody else can write to the file. */
const PIECE_RECORDS = 250;

/** How long rows are packed in one turn of the event loop, in milliseconds. Strangers choose how large they are. */
const TURN_MS = 0.25;

/** Records between two looks at the time. */
const GLANCE_RECORDS = 16;

/**
 * Has a thread write, in short transactions, each packed while the one before is written. Where there is no thread, another writer
 * writes.
 */
export class ThreadWriter implements SqlWriter {
  readonly #thread: WriteThread;
  readonly #table: UsageTable;
  readonly #otherwise: SqlWriter;

  constructor(thread: WriteThread, table: UsageTable, otherwise: SqlWriter) {
    this.#thread = thread;
    this.#table = table;
    this.#otherwise = otherwise;
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const refused: RefusedRecord[] = [];
    try {
      if (!(await orAbort(this.#thread.start(), signal))) return await this.#otherwise.write(batch, signal);
      await orAbort(this.#thread.idle(), signal);
      let before: Promise<readonly RefusedRecord[]> = Promise.resolve([]);
      for (let start = 0; start < batch.length; start += PIECE_RECORDS) {
        const piece = this.#writePiece(batch.slice(start, start + PIECE_RECORDS), signal);
        // While it waits for the one before, nobody listens.
        piece.catch(nothing);
        refused.push(...(await before));
        before = piece;
      }
      refused.push(...(await before));
    } catch (error) {
      throw storageError(error, this.#table.name);
    }
    return { stored: batch.length - refused.length, refused };
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#thread.close();
  }

  /** @returns the records that the table does not take */
  async #writePiece(piece: readonly UsageRecord[], signal: AbortSignal): Promise<RefusedRecord[]> {
    const packer = new RowPacker(this.#table.columns);
    const records: UsageRecord[] = [];
    const refused: RefusedRecord[] = [];
    let deadline = 0;
    for (const [index, record] of piece.entries()) {
      if (index % GLANCE_RECORDS === 0 && performance.now() > deadline) {
        await nextTurn();
        signal.throwIfAborted();
        deadline = performance.now() + TURN_MS;
      }
      try {
        packer.add(record);
        records.push(record);
      } catch (error) {
        // What cannot be JSON will never be.
        refused.push({ id: record.id, error: error as Error });
      }
    }
    const task = { kind: 'insert', rows: packer.pack() } as const;
    const result = await orAbort(this.#thread.perform(task), signal);
    for (const { index, error } of result.refused) {
      refused.push({ id: (records[index] as UsageRecord).id, error: errorOf(error) });
    }
    return refused;
  }
}

function nothing(): void {}
