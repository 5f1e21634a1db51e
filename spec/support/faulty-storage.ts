import type { UsageRecord } from '../../src/record/usage-record.js';
import type { RefusedRecord, StoreResult, UsageStorage } from '../../src/storage/usage-storage.js';

/** What a faulty storage does with the next batches. */
export type Mood = 'store' | 'reject' | 'throw' | 'hang' | 'refuse-first' | 'garbage';

/** A storage that does as it is told. What it has stored, it keeps by id. */
export class FaultyStorage implements UsageStorage {
  readonly name: string;
  readonly stored = new Map<string, UsageRecord>();
  readonly batches: (readonly UsageRecord[])[] = [];
  readonly signals: AbortSignal[] = [];
  readonly refusedIds = new Set<string>();
  mood: Mood = 'store';
  error: Error = new Error('out of order');
  closed = 0;
  #hanging: (() => void)[] = [];

  constructor(name = 'faulty') {
    this.name = name;
  }

  store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.batches.push(batch);
    this.signals.push(signal);
    switch (this.mood) {
      case 'throw':
        throw this.error;
      case 'reject':
        return Promise.reject(this.error);
      case 'garbage':
        return Promise.resolve({ stored: -1, refused: [] });
      case 'hang':
        return new Promise((resolve) => {
          this.#hanging.push(() => resolve(this.#keep(batch, [])));
        });
      case 'refuse-first':
        return Promise.resolve(this.#keep(batch, batch.slice(0, 1)));
      default:
        return Promise.resolve(this.#keep(batch, []));
    }
  }

  /** Lets the calls that hang come to their late end. */
  release(): void {
    for (const answer of this.#hanging.splice(0)) answer();
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  #keep(batch: readonly UsageRecord[], refuse: readonly UsageRecord[]): StoreResult {
    const refused: RefusedRecord[] = refuse.map(({ id }) => ({ id, error: new Error('refused') }));
    for (const { id } of refused) this.refusedIds.add(id);
    for (const record of batch) if (!refuse.includes(record)) this.stored.set(record.id, record);
    return { stored: batch.length - refused.length, refused };
  }
}
