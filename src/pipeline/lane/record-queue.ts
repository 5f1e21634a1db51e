import type { UsageRecord } from '../../record/usage-record.js';

/** The bounds of a queue. */
export interface QueueBounds {
  /** Records that it holds at most. */
  readonly maxRecords: number;
  /** Estimated bytes that it holds at most. */
  readonly maxBytes: number;
}

/** So many records, and their estimated bytes. */
export interface Load {
  readonly records: number;
  readonly bytes: number;
}

/** Records that wait in memory, first in, first out, within bounds of records and of bytes. */
export class RecordQueue {
  readonly #bounds: QueueBounds;
  readonly #records: UsageRecord[] = [];
  readonly #sizes: number[] = [];
  /** Where the oldest record stands; what is before it has been taken. */
  #head = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  /** Records that wait. */
  get length(): number {
    return this.#records.length - this.#head;
  }

  /** Estimated bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Puts a record at the end, if there is room.
   *
   * @param held - what was taken but may have to come back, and so counts against the bounds
   */
  push(record: UsageRecord, bytes: number, held: Load): boolean {
    if (this.length + held.records >= this.#bounds.maxRecords) return false;
    if (this.#bytes + held.bytes + bytes > this.#bounds.maxBytes) return false;
    this.#records.push(record);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    return true;
  }

  /** The oldest record, if one waits. */
  peek(): UsageRecord | undefined {
    return this.#records[this.#head];
  }

  /** Takes the oldest records with their sizes, at least one if there is one, and no more than fit both bounds. */
  take(maxRecords: number, maxBytes: number): { records: UsageRecord[]; sizes: number[] } {
    let end = this.#head;
    let bytes = 0;
    while (end < this.#records.length && end - this.#head < maxRecords) {
      const size = this.#sizes[end] ?? 0;
      if (bytes > 0 && bytes + size > maxBytes) break;
      bytes += size;
      end += 1;
    }
    const records = this.#records.slice(this.#head, end);
    const sizes = this.#sizes.slice(this.#head, end);
    this.#bytes -= bytes;
    this.#head = end;
    this.#compact();
    return { records, sizes };
  }

  /** Gives back the room of what was taken, before it outgrows what waits. */
  #compact(): void {
    if (this.#head < this.length && this.length > 0) return;
    this.#records.splice(0, this.#head);
    this.#sizes.splice(0, this.#head);
    this.#head = 0;
  }
}
