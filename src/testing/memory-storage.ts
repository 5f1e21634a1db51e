import { integer, readOptions, text } from '../option-reader.js';
import type { UsageRecord } from '../record/usage-record.js';
import { type UsagePage, streamUsagePages, usagePageOf } from '../storage/usage-page.js';
import {
  type ResolvedUsageCountQuery,
  type UsageCountQuery,
  type UsagePageQuery,
  type UsageQuery,
  type UsageStreamQuery,
  checkDeletion,
  checkDeletionLimit,
  isSelected,
  resolveUsageCountQuery,
  resolveUsagePageQuery,
  resolveUsageQuery,
} from '../storage/usage-query.js';
import type { ErasureReport, UsagePerson } from '../storage/usage-person.js';
import type { SaltStore } from '../storage/salt-store.js';
import type { SummaryStore } from '../storage/summary-store.js';
import type { UsageReader } from '../storage/usage-reader.js';
import type { ReadableUsageStorage, StoreResult } from '../storage/usage-storage.js';
import type { SummaryQuery, SummaryReader, UsageSummary } from '../storage/usage-summary.js';
import { summarizeUsage } from '../summary/answer.js';
import { newestFirst } from './contract/records.js';
import { MemoryRows } from './memory-rows.js';

/** The options of `MemoryStorage`. */
export class MemoryStorageOptions {
  /** Records kept; the oldest make room for new ones. From 1 to 10,000,000. @default 10_000 */
  readonly maxRecords? = integer({ min: 1, max: 10_000_000, default: 10_000 });
  /** The storage's name in statistics, events and the log. @default 'memory' */
  readonly name? = text({ default: 'memory' });
}

/**
 * Keeps records in memory, for tests: wait for `tracker.flush()`, then look at `records` or query it.
 *
 * ```ts
 * const storage = new MemoryStorage();
 * app.use(trackUsage({ storage }));
 * ```
 */
export class MemoryStorage implements ReadableUsageStorage, UsageReader, SummaryReader {
  /** @inheritdoc */
  readonly name: string;
  /** Salts in memory, for this process alone. */
  readonly salts: SaltStore = new MemorySalts();
  /** The register of endpoints, in memory. */
  readonly register: SummaryStore = new MemoryRows();
  readonly #maxRecords: number;
  readonly #byId = new Map<string, UsageRecord>();

  /** @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used */
  constructor(options: MemoryStorageOptions = {}) {
    const { name, maxRecords } = readOptions('new MemoryStorage', MemoryStorageOptions, options);
    this.name = name;
    this.#maxRecords = maxRecords;
  }

  /** The storage itself. */
  get reader(): this {
    return this;
  }

  /** The records, in the order in which they came. */
  get records(): readonly UsageRecord[] {
    return [...this.#byId.values()];
  }

  /** Forgets all records, and keeps the register. */
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
   * Deletes the oldest records before a date, up to a limit, and says how many.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` if the date or the limit cannot be used
   */
  async deleteBefore(date: Date, limit: number, signal?: AbortSignal): Promise<number> {
    checkDeletion(date, limit);
    signal?.throwIfAborted();
    const old = this.records.filter((record) => record.date < date).toSorted(newestFirst);
    const oldest = old.toReversed().slice(0, limit);
    for (const { id } of oldest) this.#byId.delete(id);
    return oldest.length;
  }

  /**
   * Deletes the newest records that a query finds, up to a limit, and says how many.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` if the query or the limit cannot be used
   */
  async deleteUsage(query: UsageCountQuery, limit: number, signal?: AbortSignal): Promise<number> {
    checkDeletionLimit('deleteUsage', limit);
    signal?.throwIfAborted();
    const found = this.#select(resolveUsageCountQuery(query)).slice(0, limit);
    for (const { id } of found) this.#byId.delete(id);
    return found.length;
  }

  /** @inheritdoc */
  async erase(person: UsagePerson, signal?: AbortSignal): Promise<ErasureReport> {
    const records = await this.deleteUsage(person, Infinity, signal);
    return { storage: this.name, records, summaries: 0, totalsUntil: null };
  }

  /** @inheritdoc */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    const { limit, offset, ...selection } = resolveUsageQuery(query);
    return this.#select(selection).slice(offset, offset + limit);
  }

  /** @inheritdoc */
  async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    const resolved = resolveUsagePageQuery(query);
    const { after, limit } = resolved;
    const records = this.#select(resolved).filter(
      (record) => after === null || newestFirst(after, record) < 0,
    );
    return usagePageOf(records.slice(0, limit + 1), resolved);
  }

  /** @inheritdoc */
  async countUsage(query?: UsageCountQuery): Promise<number> {
    return this.#select(resolveUsageCountQuery(query)).length;
  }

  /** @inheritdoc */
  streamUsage(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
    return streamUsagePages(query, (page) => this.getUsagePage(page));
  }

  /** @inheritdoc */
  async getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>> {
    return summarizeUsage(this, query);
  }

  #select(selection: ResolvedUsageCountQuery): UsageRecord[] {
    return this.records.filter((record) => isSelected(record, selection)).toSorted(newestFirst);
  }
}

class MemorySalts implements SaltStore {
  readonly #byDay = new Map<string, string>();

  async claim(day: string, proposal: string, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const salt = this.#byDay.get(day) ?? proposal;
    this.#byDay.set(day, salt);
    return salt;
  }

  async deleteBefore(day: string, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const old = [...this.#byDay.keys()].filter((kept) => kept < day);
    for (const gone of old) this.#byDay.delete(gone);
    return old.length;
  }
}
