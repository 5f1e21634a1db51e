import { OptionReader } from '../option-reader.js';
import type { UsageRecord } from '../record/usage-record.js';
import { type ResolvedUsageQuery, type UsageQuery, resolveUsageQuery } from '../storage/usage-query.js';
import type { ReadableUsageStorage, StoreResult } from '../storage/usage-storage.js';

/** The options of `MemoryStorage`. */
export interface MemoryStorageOptions {
  /** Records kept; the oldest make room for new ones. From 1 to 10,000,000. @default 10_000 */
  readonly maxRecords?: number | undefined;
}

/**
 * Keeps records in memory, for tests: wait for `tracker.flush()`, then look at `records` or ask `getUsage`.
 *
 * ```ts
 * const storage = new MemoryStorage();
 * app.use(trackUsage({ storage }));
 * ```
 */
export class MemoryStorage implements ReadableUsageStorage {
  readonly name = 'memory';
  readonly #maxRecords: number;
  readonly #byId = new Map<string, UsageRecord>();

  /** @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used */
  constructor(options: MemoryStorageOptions = {}) {
    const reader = new OptionReader('new MemoryStorage', options, ['maxRecords']);
    this.#maxRecords = reader.integer('maxRecords', { min: 1, max: 10_000_000, default: 10_000 });
  }

  /** The records, in the order in which they came. */
  get records(): readonly UsageRecord[] {
    return [...this.#byId.values()];
  }

  /** Forgets all records. */
  clear(): void {
    this.#byId.clear();
  }

  /** Keeps a batch. A record that is there already stays as it is. */
  async store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    signal?.throwIfAborted();
    for (const record of batch) {
      if (!this.#byId.has(record.id)) this.#byId.set(record.id, record);
    }
    for (const id of this.#byId.keys()) {
      if (this.#byId.size <= this.#maxRecords) break;
      this.#byId.delete(id);
    }
    return { stored: batch.length, refused: [] };
  }

  /**
   * Reads records, newest first, those of the same millisecond by descending id.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable
   */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    const resolved = resolveUsageQuery(query);
    return [...this.#byId.values()]
      .filter((record) => matches(record, resolved))
      .toSorted(newestFirst)
      .slice(resolved.offset, resolved.offset + resolved.limit);
  }
}

function matches(record: UsageRecord, { startDate, endDate, filters }: ResolvedUsageQuery): boolean {
  if (startDate !== null && record.date < startDate) return false;
  if (endDate !== null && record.date >= endDate) return false;
  for (const [name, value] of filters) {
    if (record[name] !== value) return false;
  }
  return true;
}

function newestFirst(a: UsageRecord, b: UsageRecord): number {
  return b.date.getTime() - a.date.getTime() || (a.id < b.id ? 1 : -1);
}
