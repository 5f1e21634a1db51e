import { valuesOf } from '../../../record/columns.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { RefusedRecord } from '../../../storage/usage-storage.js';
import { orAbort } from '../../../time/or-abort.js';
import { TurnBudget } from '../../../time/turn-budget.js';
import { type PackedRows, RowPacker } from './packed-rows.js';
import { type FileThread, TASK_RECORDS, errorOf } from './file-thread.js';

/** How long rows are packed in one turn of the event loop, in milliseconds. Strangers choose how large they are. */
const TURN_MS = 0.2;

/** Records between two looks at the clock. */
const LOOK_RECORDS = 16;

/** Records of a batch's first chunk, for which the thread has to wait; the other chunks are packed while it writes. */
const FIRST_RECORDS = 100;

/** How long the texts of a chunk are, at most but for one record's, in UTF-16 code units: they are copied in one go. */
const CHUNK_LENGTH = 262_144;

/** Rows that go to the thread together. */
interface PackedChunk {
  readonly rows: PackedRows;
  /** The ids of the rows' records. */
  readonly ids: readonly string[];
  /** The first record of the batch that is in neither this chunk nor one before it. */
  readonly end: number;
}

/**
 * Has a thread that is ready write a batch, in short transactions, each packed while the one before is written.
 *
 * @param refused - gets the records that cannot be rows, and those that the table does not take
 */
export async function writeInThread(
  thread: FileThread,
  batch: readonly UsageRecord[],
  refused: RefusedRecord[],
  signal: AbortSignal,
): Promise<void> {
  let before: Promise<void> = Promise.resolve();
  for (let start = 0; start < batch.length;) {
    const { rows, ids, end } = await pack(batch, start, refused, signal);
    start = end;
    const written = orAbort(thread.perform({ kind: 'insert', rows }), signal).then((result) => {
      for (const { index, error } of result.refused ?? [])
        refused.push({ id: ids[index] as string, error: errorOf(error) });
    });
    // Nobody listens while this chunk waits for the chunk before.
    written.catch(() => {});
    // What the thread has got is done before this fails: nothing arrives later.
    await before.catch((error: unknown) => written.then(() => Promise.reject(error)));
    before = written;
  }
  await before;
}

/** Packs as many records from `start` on as make a chunk, with turns of the event loop between them. */
async function pack(
  batch: readonly UsageRecord[],
  start: number,
  refused: RefusedRecord[],
  signal: AbortSignal,
): Promise<PackedChunk> {
  const packer = new RowPacker();
  const ids: string[] = [];
  const records = batch.slice(start, start + (start === 0 ? FIRST_RECORDS : TASK_RECORDS));
  const budget = new TurnBudget(LOOK_RECORDS, TURN_MS);
  let isTurnOver = true;
  let end = start;
  for (const record of records) {
    if (packer.length > CHUNK_LENGTH) break;
    if (isTurnOver) await budget.nextTurn(signal);
    end += 1;
    try {
      packer.add(valuesOf(record));
      ids.push(record.id);
    } catch (error) {
      // A record that cannot be JSON now can never be.
      refused.push({ id: record.id, error: error as Error });
    }
    isTurnOver = budget.isSpentAfterStep();
  }
  return { rows: packer.pack(), ids, end };
}
