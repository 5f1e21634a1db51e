import type { UsageRecord } from '../../src/record/usage-record.js';
import type { SummaryRow, SummaryRowKind } from '../../src/storage/summary-store.js';
import type { UsageSummary } from '../../src/storage/usage-summary.js';
import { answerSummary } from '../../src/summary/answer.js';
import { DEFAULT_DIMENSIONS, type Dimension, dimensionOf } from '../../src/summary/dimensions.js';
import { type FoldSettings, foldOnce } from '../../src/summary/fold.js';
import { type Manifest, readManifest } from '../../src/summary/manifest.js';
import { Marker } from '../../src/summary/marker.js';
import { type KeptSummaries, type SealResult, sealBefore } from '../../src/summary/seal.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryRecords } from './memory-records.js';
import { MemorySummaryStore } from './memory-summary-store.js';
import { makeRecord } from './records.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Noon of a day that specs of summaries are about. */
export const TODAY = new Date('2026-06-30T12:00:00Z');

const FOR_GOOD: KeptSummaries = { daysMs: 3660 * DAY_MS, callersMs: 3660 * DAY_MS };

/** More rounds than any spec needs. */
const TOO_MANY_ROUNDS = 200;

/** The dimensions that come with the library and are summed up unless told otherwise. */
export const SUMMED: readonly Dimension[] = DEFAULT_DIMENSIONS.map((name) => dimensionOf(name) as Dimension);

/** What a storage answers for each dimension, by the day and in all, without what it rests on. */
export async function answersOf(ask: (query: object) => Promise<UsageSummary<string>>): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const { name: by } of SUMMED)
    for (const period of ['day', 'total']) {
      const { rows, isMore } = await ask({ by, period, limit: 100_000 });
      answers.push({ by, period, rows, isMore });
    }
  return answers;
}

/** Records of the days before a moment, some an hour. */
export function recordsOfDays(days: number, until = TODAY, anHour = 0.25): UsageRecord[] {
  return Array.from({ length: days * 24 * anHour }, (_, index) =>
    makeRecord({
      date: new Date(until.getTime() - DAY_MS - index * (HOUR_MS / anHour) - 7 * MINUTE_MS),
      status: [200, 404, 500][index % 3] as number,
      username: ['ada', 'bob', null][index % 3] as string | null,
      durationMs: (index * 7.3) % 900,
      weight: index % 4 === 0 ? 1 / 0.3 : 1,
    }),
  );
}

/** One process and what it keeps in memory: records, rows of summaries, and a clock that stands still. */
export class SummarizedMemory {
  readonly clock = new ManualClock(TODAY);
  readonly records = new MemoryRecords();
  readonly store = new MemorySummaryStore();
  readonly marker = new Marker(this.store, true, this.clock);
  readonly settings: FoldSettings = {
    store: this.store,
    reader: this.records,
    timeZone: 'UTC',
    dimensions: SUMMED,
    now: () => this.clock.now(),
  };
  readonly #signal = new AbortController().signal;

  /** Stores records, and returns those that were refused as their day is sealed. */
  async keep(records: readonly UsageRecord[]): Promise<readonly UsageRecord[]> {
    return this.marker.around(records, this.#signal, async (kept, sealed) => {
      this.records.add(kept);
      return sealed;
    });
  }

  /** Stores records, and lets time pass until nobody waits for more of them. */
  async keepAndSettle(records: readonly UsageRecord[]): Promise<void> {
    await this.keep(records);
    await this.clock.advance(6 * MINUTE_MS);
  }

  /** Folds all that can be folded. */
  async fold(more: Partial<FoldSettings> = {}): Promise<void> {
    await repeated(() => foldOnce({ ...this.settings, ...more }, this.#signal));
  }

  /** Seals once what is older than some days. */
  sealOnce(
    days: number,
    kept: Partial<KeptSummaries> = {},
    more: Partial<FoldSettings> = {},
  ): Promise<SealResult> {
    const cutMs = this.clock.now() - days * DAY_MS;
    return sealBefore({ ...this.settings, ...more }, { ...FOR_GOOD, ...kept }, cutMs, this.#signal);
  }

  /** Seals all that is older than some days, and deletes the records as a pruner does. */
  async prune(days: number, kept: Partial<KeptSummaries> = {}): Promise<number | null> {
    const { untilMs } = await repeated(() => this.sealOnce(days, kept));
    if (untilMs !== null) this.records.delete(({ date }) => date.getTime() < untilMs);
    return untilMs;
  }

  /** Asks for a summary. */
  ask(query: object): Promise<UsageSummary<string>> {
    return answerSummary({ reader: this.records, store: this.store, timeZone: 'UTC' }, query);
  }

  /** All answers that the days of the records can be told by. */
  answers(): Promise<unknown[]> {
    return answersOf((query) => this.ask(query));
  }

  async manifest(): Promise<Manifest> {
    const manifest = await readManifest(this.store, this.#signal);
    if (manifest === null) throw new Error('There is no manifest.');
    return manifest;
  }

  /** The rows of some kinds. */
  rows(...kinds: readonly SummaryRowKind[]): SummaryRow[] {
    return this.store.rows.filter(({ kind }) => kinds.includes(kind));
  }
}

/** Does something until there is no more of it. */
export async function repeated<Result extends { readonly isMore: boolean }>(
  action: () => Promise<Result>,
): Promise<Result> {
  for (let round = 0; round < TOO_MANY_ROUNDS; round += 1) {
    const result = await action();
    if (!result.isMore) return result;
  }
  throw new Error(`There was more to do after ${TOO_MANY_ROUNDS} rounds.`);
}
