import { TrackUsageError } from '../../src/errors.js';
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
  /** How often each id was stored by an answer that came while it was waited for. */
  readonly confirmed = new Map<string, number>();
  /** Ids for which it refuses the whole batch, in the mood to store. */
  readonly poison = new Set<string>();
  readonly refusal = new TrackUsageError('BATCH_REFUSED', 'no such value');
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
          this.#hanging.push(() => resolve(this.#keep(batch, [], signal)));
        });
      case 'refuse-first':
        return Promise.resolve(this.#keep(batch, batch.slice(0, 1), signal));
      default:
        if (batch.some(({ id }) => this.poison.has(id))) return Promise.reject(this.refusal);
        return Promise.resolve(this.#keep(batch, [], signal));
    }
  }

  /** Lets the calls that hang come to their late end. */
  release(): void {
    for (const answer of this.#hanging.splice(0)) answer();
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  #keep(
    batch: readonly UsageRecord[],
    refuse: readonly UsageRecord[],
    { aborted }: AbortSignal,
  ): StoreResult {
    const refused: RefusedRecord[] = refuse.map(({ id }) => ({ id, error: new Error('refused') }));
    for (const { id } of refused) this.refusedIds.add(id);
    for (const record of batch.filter((one) => !refuse.includes(one))) {
      this.stored.set(record.id, record);
      if (!aborted) this.confirmed.set(record.id, (this.confirmed.get(record.id) ?? 0) + 1);
    }
    return { stored: batch.length - refused.length, refused };
  }
}
