import type { UsageRecord } from '../record/usage-record.js';

/** The bounds of a queue. */
export interface QueueBounds {
  /** Records that it holds at most. */
  readonly maxRecords: number;
  /** Estimated bytes that it holds at most. */
  readonly maxBytes: number;
}

/** Records that wait, first in, first out, within bounds of records and of bytes. */
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
   * Puts a record at the end.
   *
   * @param held - records and bytes that were taken but may have to come back, and so count against the bounds
   * @returns why it was not queued; null if it was
   */
  push(
    record: UsageRecord,
    bytes: number,
    held: { records: number; bytes: number },
  ): 'queue-full' | 'too-large' | null {
    if (bytes > this.#bounds.maxBytes) return 'too-large';
    if (this.length + held.records >= this.#bounds.maxRecords) return 'queue-full';
    if (this.#bytes + held.bytes + bytes > this.#bounds.maxBytes) return 'queue-full';
    this.#records.push(record);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    return null;
  }

  /** The oldest record, if one waits. */
  peek(): UsageRecord | undefined {
    return this.#records[this.#head];
  }

  /** Takes up to `maxRecords` of the oldest records. */
  take(maxRecords: number): { records: UsageRecord[]; bytes: number } {
    const end = Math.min(this.#head + maxRecords, this.#records.length);
    const records = this.#records.slice(this.#head, end);
    let bytes = 0;
    for (let index = this.#head; index < end; index += 1) bytes += this.#sizes[index] ?? 0;
    this.#bytes -= bytes;
    this.#head = end;
    this.#compact();
    return { records, bytes };
  }

  /** Gives back the room of what was taken, before it outgrows what waits. */
  #compact(): void {
    if (this.#head < this.length && this.length > 0) return;
    this.#records.splice(0, this.#head);
    this.#sizes.splice(0, this.#head);
    this.#head = 0;
  }
}
