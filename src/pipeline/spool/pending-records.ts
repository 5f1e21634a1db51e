import type { UsageRecord } from '../../record/usage-record.js';

/** Records that wait in memory to be written to disk, first in, first out. */
export class PendingRecords {
  readonly #entries: { readonly record: UsageRecord; readonly bytes: number }[] = [];
  /** Where the oldest record stands; what is before it has been taken. */
  #head = 0;
  #bytes = 0;
  #added = 0;

  /** Records that wait. */
  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** Estimated bytes of the records that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records that were ever added. */
  get added(): number {
    return this.#added;
  }

  /** The oldest record, if one waits. */
  get first(): UsageRecord | undefined {
    return this.#entries[this.#head]?.record;
  }

  /** Puts a record at the end. */
  add(record: UsageRecord, bytes: number): void {
    this.#entries.push({ record, bytes });
    this.#bytes += bytes;
    this.#added += 1;
  }

  /** The records at the front, as many as there are up to a number; they stay. */
  peek(maxRecords: number): UsageRecord[] {
    return this.#entries.slice(this.#head, this.#head + maxRecords).map(({ record }) => record);
  }

  /** Takes records from the front. */
  take(count: number): UsageRecord[] {
    const taken = this.#entries.slice(this.#head, this.#head + count);
    for (const { bytes } of taken) this.#bytes -= bytes;
    this.#head += taken.length;
    this.#compact();
    return taken.map(({ record }) => record);
  }

  /** Gives back the room of what was taken, before it outgrows what waits. */
  #compact(): void {
    if (this.#head < this.length && this.length > 0) return;
    this.#entries.splice(0, this.#head);
    this.#head = 0;
  }
}
