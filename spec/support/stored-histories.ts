import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { RecordIds } from '../../src/record/record-id.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { SummaryReader } from '../../src/storage/usage-summary.js';
import { foldOnce } from '../../src/summary/fold.js';
import { insist, isLater } from '../../src/testing/contract/steps.js';
import { makeRecord } from './records.js';
import { Inexact, reference } from './summary-answers.js';
import type { SummarizingStorage } from './summary-operations.js';
import { DAY_MS, HOUR_MS, SUMMED } from './summarized.js';

const NAMES = ['ada', 'bob', null] as const;
const PERIODS = ['hour', 'day', 'total'] as const;
const TIME_ZONE = 'Europe/Berlin';
const { signal } = new AbortController();

/** Something that happens to a database; `by` says which of two connections does it. */
export type StoredStep =
  | { readonly kind: 'store'; readonly by: number; readonly agesMs: readonly number[] }
  | { readonly kind: 'again'; readonly by: number; readonly batch: number; readonly isHalf: boolean }
  | { readonly kind: 'erase'; readonly by: number; readonly name: number }
  | { readonly kind: 'deleteBefore'; readonly by: number; readonly ageMs: number }
  | { readonly kind: 'settle'; readonly by: number }
  | { readonly kind: 'fold'; readonly by: number; readonly aheadMs: number };

const by = fc.nat(1);
const age = fc.integer({ min: 0, max: 3 * DAY_MS });

const steps: fc.Arbitrary<StoredStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      by,
      agesMs: fc.array(age, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('again' as const), by, batch: fc.nat(9), isHalf: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('erase' as const), by, name: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('deleteBefore' as const),
      by,
      ageMs: fc.integer({ min: DAY_MS, max: 3 * DAY_MS }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const), by }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('fold' as const),
      by,
      aheadMs: fc.constantFrom(0, HOUR_MS, 5 * HOUR_MS, 12 * HOUR_MS),
    }),
  },
);

/** Histories that begin with some records which are folded, and of which the oldest is deleted. */
export function storedHistories(length: number): fc.Arbitrary<readonly StoredStep[]> {
  const begun: readonly StoredStep[] = [
    { kind: 'store', by: 0, agesMs: [10, HOUR_MS, 5 * HOUR_MS, DAY_MS, 2 * DAY_MS] },
    { kind: 'settle', by: 0 },
    { kind: 'fold', by: 1, aheadMs: 0 },
    { kind: 'deleteBefore', by: 0, ageMs: 1.4 * DAY_MS },
  ];
  return fc.noShrink(
    fc.array(steps, { minLength: length, maxLength: length }).map((rest) => begun.concat(rest)),
  );
}

/** A database that two processes store in and fold, and the records that it has to have. */
export class StoredHistory {
  /** Units that answers were made of. */
  folded = 0;
  /** Records that went with their month. */
  dropped = 0;
  readonly #storages: readonly SummarizingStorage[];
  readonly #batches: (readonly UsageRecord[])[] = [];
  #records: readonly UsageRecord[] = [];
  #made = 0;
  #asked = 0;
  readonly #ids = new RecordIds();
  readonly #stretch: number;

  /** @param stretch - how many times as old as the history says records are, and have to be to be deleted */
  constructor(storages: readonly SummarizingStorage[], stretch = 1) {
    this.#storages = storages;
    this.#stretch = stretch;
  }

  /** Has all of it happen, and expects answers to be exact after each step: of some dimensions, and at the end of all. */
  async liveThrough(history: readonly StoredStep[]): Promise<void> {
    for (const step of history) {
      await this.#take(step);
      await this.#expectExact(2);
    }
    await this.#expectExact(SUMMED.length);
  }

  async #take(step: StoredStep): Promise<void> {
    const storage = this.#storages[step.by] as SummarizingStorage;
    if (step.kind === 'store') {
      const batch = step.agesMs.map((ageMs) => this.#make(new Date(Date.now() - ageMs * this.#stretch)));
      this.#batches.push(batch);
      await this.#store(storage, batch);
    } else if (step.kind === 'again') {
      const batch = this.#batches[step.batch % this.#batches.length] ?? [];
      await this.#store(storage, step.isHalf ? batch.slice(0, Math.ceil(batch.length / 2)) : batch);
    } else if (step.kind === 'erase') {
      const username = NAMES[step.name] as string;
      await insist(() => storage.erase({ username }, signal), isLater);
      this.#records = this.#records.filter((record) => record.username !== username);
    } else if (step.kind === 'deleteBefore') {
      const date = new Date(Date.now() - step.ageMs * this.#stretch);
      this.dropped += await insist(async () => (await storage.dropBefore?.(date, signal)) ?? 0, isLater);
      await insist(() => storage.deleteBefore(date, 1000, signal), isLater);
      this.#records = this.#records.filter((record) => record.date >= date);
    } else if (step.kind === 'settle') await storage.summaries?.settle();
    else await this.#fold(storage, Date.now() + step.aheadMs);
  }

  async #store(storage: SummarizingStorage, batch: readonly UsageRecord[]): Promise<void> {
    await insist(() => storage.store(batch, signal), isLater);
    const known = new Set(this.#records.map(({ id }) => id));
    this.#records = [...this.#records, ...batch.filter(({ id }) => !known.has(id))];
  }

  async #fold({ summaries }: SummarizingStorage, nowMs: number): Promise<void> {
    if (!summaries) throw new Error('The storage keeps no summaries.');
    const { store, reader } = summaries;
    const settings = { store, reader, timeZone: TIME_ZONE, dimensions: SUMMED, now: () => nowMs };
    await insist(() => foldOnce(settings, signal), isLater);
  }

  #make(date: Date): UsageRecord {
    const index = this.#made;
    this.#made += 1;
    return makeRecord({
      id: this.#ids.next(date.getTime()),
      date,
      username: NAMES[index % NAMES.length] as string | null,
      status: [200, 404, 503, null][index % 4] as number | null,
      action: ['one', 'all'][index % 2] as string,
      durationMs: [0, 0.4, 12.345, 1000][index % 4] as number,
      weight: [1, 2.5, 1 / 0.3][index % 3] as number,
    });
  }

  async #expectExact(dimensions: number): Promise<void> {
    const storage = this.#storages[this.#asked % this.#storages.length] as SummarizingStorage;
    const reader = storage.reader as unknown as SummaryReader;
    const records = this.#records.toSorted((one, other) => Number(other.date) - Number(one.date));
    for (let count = 0; count < dimensions; count += 1) {
      const name = SUMMED[this.#asked % SUMMED.length]?.name as string;
      this.#asked += 1;
      for (const period of PERIODS) {
        const query = { by: name, period, limit: 100_000 };
        const { rows, timeZone, folded } = await insist(() => reader.getSummary<string>(query), isLater);
        this.folded += folded;
        const expected = await reference(records, timeZone, query);
        if (!isDeepStrictEqual(rows, expected.rows))
          throw new Inexact(`${JSON.stringify(query)}: ${JSON.stringify({ rows, expected: expected.rows })}`);
      }
    }
  }
}
