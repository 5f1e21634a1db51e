import type { UsageRecord } from '../../record/usage-record.js';

/** Records that wait in memory to be written to disk, first in, first out. */
export class PendingRecords {
  readonly #entries: { readonly record: UsageRecord; readonly bytes: number }[] = [];
  #bytes = 0;
  #added = 0;

  /** Records that wait. */
  get length(): number {
    return this.#entries.length;
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
    return this.#entries[0]?.record;
  }

  /** Puts a record at the end. */
  add(record: UsageRecord, bytes: number): void {
    this.#entries.push({ record, bytes });
    this.#bytes += bytes;
    this.#added += 1;
  }

  /** The records at the front, as many as there are up to a number; they stay. */
  peek(maxRecords: number): UsageRecord[] {
    return this.#entries.slice(0, maxRecords).map(({ record }) => record);
  }

  /** Takes records from the front. */
  take(count: number): UsageRecord[] {
    const taken = this.#entries.splice(0, count);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken.map(({ record }) => record);
  }
}
