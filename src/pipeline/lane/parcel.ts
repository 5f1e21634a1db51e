import type { UsageRecord } from '../../record/usage-record.js';
import type { OutBatch } from './outbox.js';

/** A batch that is under way, in one piece or, after it was refused as a whole, in several. */
export class Parcel {
  readonly #batch: OutBatch;
  #pieces: (readonly UsageRecord[])[];

  constructor(batch: OutBatch) {
    this.#batch = batch;
    // A storage is handed these lists, and must not be able to take records out of them.
    this.#pieces = [Object.freeze(batch.records)];
  }

  /** Whether its records are still on disk. */
  get isSpooled(): boolean {
    return this.#batch.isSpooled;
  }

  /** Records that are not settled. */
  get length(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** The records that are not settled. */
  get records(): readonly UsageRecord[] {
    return this.#pieces.flat();
  }

  /** What is stored next. */
  get piece(): readonly UsageRecord[] {
    return this.#pieces[0] ?? [];
  }

  /** When its first record was made, in milliseconds since 1970; null if none is left. */
  get oldestMs(): number | null {
    return this.#pieces.find(({ length }) => length > 0)?.[0]?.date.getTime() ?? null;
  }

  /** Takes the oldest record, which counts as settled; null if none is left. */
  takeFirst(): UsageRecord | null {
    const index = this.#pieces.findIndex(({ length }) => length > 0);
    const [first, ...rest] = this.#pieces[index] ?? [];
    if (first === undefined) return null;
    this.#pieces[index] = Object.freeze(rest);
    this.#batch.settle(1);
    return first;
  }

  /** Takes the records of responses that ended before a moment from the front, where the oldest are; they count as settled. */
  takeOlder(thanMs: number): UsageRecord[] {
    const { piece } = this;
    const firstYounger = piece.findIndex(({ date, durationMs }) => date.getTime() + durationMs >= thanMs);
    if (firstYounger === 0 || piece.length === 0) return [];
    const older = firstYounger < 0 ? [...piece] : piece.slice(0, firstYounger);
    this.#pieces[0] = Object.freeze(piece.slice(older.length));
    this.#batch.settle(older.length);
    return older;
  }

  /** Says that the first piece is stored or dropped. */
  settlePiece(): void {
    this.#batch.settle(this.piece.length);
    this.#pieces = this.#pieces.slice(1);
  }

  /** Makes two of the first piece. */
  halve(): void {
    const { piece } = this;
    const middle = Math.ceil(piece.length / 2);
    const halves = [piece.slice(0, middle), piece.slice(middle)].map((half) => Object.freeze(half));
    this.#pieces = [...halves, ...this.#pieces.slice(1)];
  }
}
