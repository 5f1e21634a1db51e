import { valuesOf } from '../../../record/columns.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { RefusedRecord, StoreResult } from '../../../storage/usage-storage.js';
import { orAbort } from '../../../time/or-abort.js';
import { TurnBudget } from '../../../time/turn-budget.js';
import { writeError } from '../../mikro-orm/database-error.js';
import type { SqlWriter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf } from './errors.js';
import { type PackedRows, RowPacker } from './packed-rows.js';
import { PIECE_RECORDS, type WriteThread, errorOf } from './write-thread.js';

/** How long rows are packed in one turn of the event loop, in milliseconds. Strangers choose how large they are. */
const TURN_MS = 0.2;

/** Records between two looks at the clock. */
const LOOK_RECORDS = 16;

/** Records of a batch's first piece, for which the thread has to wait; the others are packed while it writes. */
const FIRST_RECORDS = 100;

/** How long the texts of a piece are, at most but for one record's, in UTF-16 code units: they are copied in one go. */
const PIECE_LENGTH = 262_144;

/** Rows that go to the thread together. */
interface PackedPiece {
  readonly rows: PackedRows;
  /** Of the records that they were. */
  readonly ids: readonly string[];
  /** The first record of the batch that is in none of the pieces up to this one. */
  readonly end: number;
}

/**
 * Has a thread write, in short transactions, each packed while the one before is written. Where there is no thread, another writer
 * writes.
 */
export class ThreadWriter implements SqlWriter {
  readonly #thread: WriteThread;
  readonly #table: UsageTable;
  readonly #fallback: SqlWriter;

  constructor(thread: WriteThread, table: UsageTable, fallback: SqlWriter) {
    this.#thread = thread;
    this.#table = table;
    this.#fallback = fallback;
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const refused: RefusedRecord[] = [];
    try {
      if (!(await this.#thread.makeReady(signal))) return await this.#fallback.write(batch, signal);
      let before: Promise<readonly RefusedRecord[]> = Promise.resolve([]);
      for (let start = 0; start < batch.length;) {
        const piece = await this.#pack(batch, start, refused, signal);
        start = piece.end;
        const written = this.#insert(piece, signal);
        // While it waits for the one before, nobody listens.
        written.catch(nothing);
        refused.push(...(await before));
        before = written;
      }
      refused.push(...(await before));
    } catch (error) {
      throw writeError(error, conditionOf(error), `table '${this.#table.name}'`);
    }
    return { stored: batch.length - refused.length, refused };
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#thread.close();
  }

  /**
   * Packs as many records as make a piece, with turns of the event loop between them.
   *
   * @param start - the first of them
   * @param refused - gets those that cannot be rows
   */
  async #pack(
    batch: readonly UsageRecord[],
    start: number,
    refused: RefusedRecord[],
    signal: AbortSignal,
  ): Promise<PackedPiece> {
    const packer = new RowPacker();
    const ids: string[] = [];
    const records = batch.slice(start, start + (start === 0 ? FIRST_RECORDS : PIECE_RECORDS));
    const budget = new TurnBudget(LOOK_RECORDS, TURN_MS);
    let isTurnOver = true;
    let end = start;
    for (const record of records) {
      if (packer.length > PIECE_LENGTH) break;
      if (isTurnOver) await budget.nextTurn(signal);
      end += 1;
      try {
        packer.add(valuesOf(record));
        ids.push(record.id);
      } catch (error) {
        // What cannot be JSON will never be.
        refused.push({ id: record.id, error: error as Error });
      }
      isTurnOver = budget.isSpentAfterPiece();
    }
    return { rows: packer.pack(), ids, end };
  }

  /** @returns the records that the table does not take */
  async #insert({ rows, ids }: PackedPiece, signal: AbortSignal): Promise<RefusedRecord[]> {
    const result = await orAbort(this.#thread.perform({ kind: 'insert', rows }), signal);
    return result.refused.map(({ index, error }) => ({ id: ids[index] as string, error: errorOf(error) }));
  }
}

function nothing(): void {}
