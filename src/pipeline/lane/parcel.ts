import type { UsageRecord } from '../../record/usage-record.js';
import type { TakenBatch } from '../record-queue.js';

/** A batch that is under way, in one piece or, after it was refused or too slow as a whole, in several. */
export class Parcel {
  /** How many records the storage had taken when the batch was begun. */
  readonly storedBefore: number;
  /** Why the storage refused the piece that was put off last; null where none was. */
  refusal: Error | null = null;
  /** Whether the storage has refused each record of the batch. */
  isSuspect = false;
  readonly #batch: TakenBatch;
  #pieces: (readonly UsageRecord[])[];
  /** How many pieces were put off; they are the last ones. */
  #putOff = 0;

  constructor(batch: TakenBatch, storedBefore: number) {
    this.#batch = batch;
    this.storedBefore = storedBefore;
    // A storage is handed these lists, and must not be able to take records out of them.
    this.#pieces = [Object.freeze(batch.records)];
  }

  /** Whether the records are still on disk. */
  get isSpooled(): boolean {
    return this.#batch.isSpooled;
  }

  /** Since when all of its records have waited in this process, in milliseconds of the monotonic clock. */
  get sinceMs(): number {
    return this.#batch.sinceMs;
  }

  /** Records that are not settled. */
  get length(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** The records that are not settled. */
  get records(): readonly UsageRecord[] {
    return this.#pieces.flat();
  }

  /** The records that are attempted next. */
  get piece(): readonly UsageRecord[] {
    return this.#pieces[0] ?? [];
  }

  /** When the oldest record was made, in milliseconds since 1970; null if none is left. */
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

  /** Says that the first piece is stored or dropped. */
  settlePiece(): void {
    this.#batch.settle(this.piece.length);
    this.#pieces = this.#pieces.slice(1);
  }

  /** Puts the first piece behind the others, as the storage refuses all of it. */
  putOff(refusal: Error): void {
    this.#pieces.push(...this.#pieces.splice(0, 1));
    this.#putOff += 1;
    this.refusal = refusal;
  }

  /** Whether every piece that is left was put off. */
  get isPutOff(): boolean {
    return this.#putOff > 0 && this.#putOff >= this.#pieces.length;
  }

  /** Makes one piece of all that were put off. */
  regroup(): void {
    this.isSuspect = true;
    this.#pieces = [Object.freeze(this.records)];
    this.#putOff = 0;
  }

  /** Makes two of the first piece, the first of which has so many records at most. */
  divide(maxRecords: number): void {
    const { piece } = this;
    if (piece.length <= maxRecords) return;
    const parts = [piece.slice(0, maxRecords), piece.slice(maxRecords)].map((part) => Object.freeze(part));
    this.#pieces = [...parts, ...this.#pieces.slice(1)];
  }
}
