import type { UsageRecord } from '../record/usage-record.js';

/** Records that wait in memory, first in, first out. */
export class RecordQueue {
  readonly #records: UsageRecord[] = [];
  readonly #sizes: number[] = [];
  /** When each record came, in milliseconds of the monotonic clock. */
  readonly #cameMs: number[] = [];
  /** Where the oldest record stands; what is before it has been taken. */
  #head = 0;
  #bytes = 0;
  #taken = 0;

  /** Records that wait. */
  get length(): number {
    return this.#records.length - this.#head;
  }

  /** Estimated bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records that were ever taken. */
  get taken(): number {
    return this.#taken;
  }

  /** The oldest record, if one waits. */
  get first(): UsageRecord | undefined {
    return this.#records[this.#head];
  }

  /** Puts a record at the end. */
  push(record: UsageRecord, bytes: number, cameMs = 0): void {
    this.#records.push(record);
    this.#sizes.push(bytes);
    this.#cameMs.push(cameMs);
    this.#bytes += bytes;
  }

  /** The oldest records, as many as wait up to a number; they stay. */
  peek(maxRecords: number): UsageRecord[] {
    return this.#records.slice(this.#head, this.#head + maxRecords);
  }

  /**
   * Takes the oldest records with their sizes, at least one if there is one, and no more than fit all bounds.
   *
   * @param maxSpanMs - from when the first of them came to when the last one did
   * @returns also when the last of them came
   */
  take(maxRecords: number, maxBytes = Infinity, maxSpanMs = Infinity) {
    const endMs = (this.#cameMs[this.#head] ?? 0) + maxSpanMs;
    let end = this.#head;
    let bytes = 0;
    while (end < this.#records.length && end - this.#head < maxRecords) {
      const size = this.#sizes[end] ?? 0;
      if (bytes > 0 && (bytes + size > maxBytes || Number(this.#cameMs[end]) > endMs)) break;
      bytes += size;
      end += 1;
    }
    const records = this.#records.slice(this.#head, end);
    const sizes = this.#sizes.slice(this.#head, end);
    const sinceMs = this.#cameMs[end - 1] ?? 0;
    this.#bytes -= bytes;
    this.#taken += records.length;
    this.#head = end;
    this.#compact();
    return { records, sizes, sinceMs };
  }

  /** Gives back the room of what was taken, before it outgrows what waits. */
  #compact(): void {
    if (this.#head < this.length && this.length > 0) return;
    for (const list of [this.#records, this.#sizes, this.#cameMs]) list.splice(0, this.#head);
    this.#head = 0;
  }
}

/** Records that were taken to be stored. */
export interface TakenBatch {
  readonly records: readonly UsageRecord[];
  /** Whether they are still on disk. */
  readonly isSpooled: boolean;
  /** Since when all of them have waited in this process, in milliseconds of the monotonic clock. */
  readonly sinceMs: number;
  /** Says that so many of them, the oldest, are stored or dropped. */
  settle(count: number): void;
}
