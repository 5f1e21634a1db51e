import type { UsageRecord } from '../record/usage-record.js';

/** Records that wait in memory, first in, first out. */
export class RecordQueue {
  readonly #records: UsageRecord[] = [];
  readonly #sizes: number[] = [];
  /** How many records had ever come by some moments of the monotonic clock, oldest first. */
  readonly #marks: { readonly came: number; readonly atMs: number }[] = [];
  #markedMs = -Infinity;
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
  push(record: UsageRecord, bytes: number): void {
    this.#records.push(record);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** The oldest records, as many as wait up to a number; they stay. */
  peek(maxRecords: number): UsageRecord[] {
    return this.#records.slice(this.#head, this.#head + maxRecords);
  }

  /** Notes that the records that wait have come by now, unless that was noted less than `everyMs` ago. */
  mark(nowMs: number, everyMs: number): void {
    if (nowMs - this.#markedMs < everyMs) return;
    this.#markedMs = nowMs;
    this.#marks.push({ came: this.#taken + this.length, atMs: nowMs });
  }

  /**
   * Takes the oldest records with their sizes, at least one if there is one, and no more than fit both bounds.
   *
   * @param nowMs - by the monotonic clock, for a batch of records that had come by one moment; left out for any records
   * @returns also that moment: the one that was noted for them, or now
   */
  take(maxRecords: number, maxBytes = Infinity, nowMs?: number) {
    while ((this.#marks[0]?.came ?? Infinity) <= this.#taken) this.#marks.shift();
    const mark = nowMs === undefined ? undefined : this.#marks[0];
    const most = Math.min(maxRecords, (mark?.came ?? Infinity) - this.#taken);
    let end = this.#head;
    let bytes = 0;
    while (end < this.#records.length && end - this.#head < most) {
      const size = this.#sizes[end] ?? 0;
      if (bytes > 0 && bytes + size > maxBytes) break;
      bytes += size;
      end += 1;
    }
    const records = this.#records.slice(this.#head, end);
    const sizes = this.#sizes.slice(this.#head, end);
    this.#bytes -= bytes;
    this.#taken += records.length;
    this.#head = end;
    this.#compact();
    return { records, sizes, sinceMs: mark?.atMs ?? nowMs ?? 0 };
  }

  /** Gives back the room of what was taken, before it outgrows what waits. */
  #compact(): void {
    if (this.#head < this.length && this.length > 0) return;
    this.#records.splice(0, this.#head);
    this.#sizes.splice(0, this.#head);
    this.#head = 0;
  }
}

/** Records that were taken to be stored. */
export interface TakenBatch {
  readonly records: readonly UsageRecord[];
  /** Whether the records are still on disk. */
  readonly isSpooled: boolean;
  /** Since when all of the records have waited in this process, in milliseconds of the monotonic clock. */
  readonly sinceMs: number;
  /** Says that so many of the records, the oldest, are stored or dropped. */
  settle(count: number): void;
}
