import type { UsageRecord } from '../../src/record/usage-record.js';
import type { StorageSummaries, StoreResult } from '../../src/storage/usage-storage.js';
import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../../src/storage/summary-store.js';
import type { SummaryQuery, UsageSummary } from '../../src/storage/usage-summary.js';
import { answerSummary } from '../../src/summary/answer.js';
import { Marker } from '../../src/summary/marker.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { MemorySummaryStore } from './memory-summary-store.js';

/** Rows of summaries in memory, of a storage that is away at times. */
export class UncertainStore implements SummaryStore {
  readonly kept = new MemorySummaryStore(false);
  /** Calls that succeed before all others fail. */
  calls = Infinity;

  prepare(make: boolean, signal: AbortSignal): Promise<boolean> {
    return this.kept.prepare(make, signal);
  }

  async find(query: SummaryRowQuery, signal: AbortSignal): Promise<SummaryRow[]> {
    this.#call();
    return this.kept.find(query, signal);
  }

  async insert(rows: readonly SummaryRow[], signal: AbortSignal): Promise<boolean> {
    this.#call();
    return this.kept.insert(rows, signal);
  }

  async delete(query: SummaryRowQuery, signal: AbortSignal): Promise<void> {
    this.#call();
    return this.kept.delete(query, signal);
  }

  #call(): void {
    if (this.calls <= 0) throw new Error('The summaries are away.');
    this.calls -= 1;
  }
}

/** A storage in memory that keeps summaries. */
export class SummarizedStorage extends MemoryStorage {
  readonly rows = new UncertainStore();
  readonly marker = new Marker(this.rows, true);
  readonly summaries: StorageSummaries = {
    store: this.rows,
    reader: this,
    isReady: (signal) => this.marker.isReady(signal),
    settle: () => this.marker.settle(),
    makeNothing: () => this.marker.makeNothing(),
  };

  override store(
    batch: readonly UsageRecord[],
    signal: AbortSignal = new AbortController().signal,
  ): Promise<StoreResult> {
    return this.marker.around(batch, signal, (kept) => super.store(kept, signal));
  }

  override async getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>> {
    const answer: unknown = await answerSummary({ reader: this, store: this.rows }, query);
    return answer as UsageSummary<By>;
  }
}
