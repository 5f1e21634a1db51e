import { isDeepStrictEqual } from 'node:util';
import { TrackUsageError } from '../../src/errors.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import type { UsageStreamQuery } from '../../src/storage/usage-query.js';
import type { UsageSummary } from '../../src/storage/usage-summary.js';
import { type SummarySource, answerSummary } from '../../src/summary/answer.js';
import { Gate, GatedStore, InjectedFault } from './gate.js';
import { type MemoryRecords, readerOf, selectFrom } from './memory-records.js';
import type { Question } from './summary-histories.js';
import { gated } from './summary-processes.js';

/** An answer that differs from what the records tell. */
export class Inexact extends Error {}

type Answer = UsageSummary<string>;

/** A question as a query, with dates told from a moment. */
export function queryOf({ by, period, fromMs, lengthMs, fresh }: Question, startMs: number): object {
  const from = startMs + (fromMs ?? 0);
  return {
    by,
    period,
    fresh,
    limit: 100_000,
    ...(fromMs !== null && { startDate: new Date(from) }),
    ...(lengthMs !== null && { endDate: new Date(from + lengthMs) }),
  };
}

/** What the records themselves tell. */
export function reference(records: readonly UsageRecord[], timeZone: string, query: object): Promise<Answer> {
  return answerSummary({ reader: readerOf(records), store: null, timeZone }, query);
}

/** Whether an answer is that of the records, of which one without its unfolded end may leave out the end. */
export async function isExact(
  answer: Answer,
  records: readonly UsageRecord[],
  query: object,
): Promise<boolean> {
  const { rows, isMore } = await reference(records, answer.timeZone, query);
  if (isDeepStrictEqual({ rows, isMore }, { rows: answer.rows, isMore: answer.isMore })) return true;
  const { fresh, endDate } = query as { fresh?: boolean; endDate?: Date };
  if (fresh !== false || (endDate !== undefined && endDate < answer.asOf)) return false;
  const before = records.filter(({ date }) => date < answer.asOf);
  return isDeepStrictEqual((await reference(before, answer.timeZone, query)).rows, answer.rows);
}

/** Throws unless an answer is that of the records. */
export async function expectExact(
  source: SummarySource,
  records: MemoryRecords,
  query: object,
): Promise<Answer> {
  const answer = await answerSummary(source, query);
  if (await isExact(answer, records.all, query)) return answer;
  const { rows } = await reference(records.all, answer.timeZone, query);
  throw new Inexact(`${show(query)}: answered ${show(answer)}, and the records say ${show(rows)}`);
}

function show(value: unknown): string {
  return JSON.stringify(value);
}

/** A process that asks a question while others store, delete and fold. */
export class ReaderProcess {
  readonly gate: Gate;
  isUnderWay = false;
  /** What was wrong with an answer. */
  wrong: unknown = null;
  readonly #records: MemoryRecords;
  readonly #newSource: () => SummarySource;
  /** What the last attempt has read from records. */
  #scans: { readonly query: UsageStreamQuery; readonly found: readonly UsageRecord[] }[] = [];
  #looks = 0;

  /** @param disguise - puts another store in the place of the one that is read */
  constructor(
    store: SummaryStore,
    records: MemoryRecords,
    timeZone: string,
    gate: Gate,
    disguise: (store: SummaryStore) => SummaryStore,
  ) {
    this.gate = gate;
    this.#records = records;
    const reader = gated(records, gate, (query = {}) => {
      this.#scans.push({ query, found: selectFrom(records.all, query) });
    });
    this.#newSource = () => ({
      reader,
      store: this.#noting(disguise(new GatedStore(store, gate))),
      timeZone,
    });
  }

  /** Whether nothing happens until the gate is opened. */
  get isAtRest(): boolean {
    return !this.isUnderWay || this.gate.isHolding;
  }

  /** Asks, unless a question is under way. */
  ask(query: object): void {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    this.#looks = 0;
    const from = this.#records.version;
    void answerSummary(this.#newSource(), query)
      .then((answer) => this.#judge(answer, query, from))
      .catch((error: unknown) => {
        const isUsual =
          error instanceof InjectedFault ||
          (error instanceof TrackUsageError && error.code === 'STORAGE_UNAVAILABLE');
        if (!isUsual) this.wrong = error;
      })
      .finally(() => (this.isUnderWay = false));
  }

  /**
   * What was read from records is true of the moments of its reading, as there is no one snapshot of several scans. All of the rest
   * has to be that of one moment since the question.
   */
  async #judge(answer: Answer, query: object, from: number): Promise<void> {
    const scans = this.#scans;
    for (let version = this.#records.version; version >= from; version -= 1) {
      const all = this.#records.at(version);
      const read = new Set(scans.flatMap((scan) => selectFrom(all, scan.query).map(({ id }) => id)));
      const rest = all.filter(({ id }) => !read.has(id));
      if (await isExact(answer, [...rest, ...scans.flatMap(({ found }) => found)], query)) return;
    }
    throw new Inexact(`${show(query)}: answered ${show(answer)}, which was true at no moment meanwhile`);
  }

  /** A store that tells when an attempt begins: with each other look at the marks. */
  #noting(store: SummaryStore): SummaryStore {
    return {
      prepare: (...args) => store.prepare(...args),
      insert: (...args) => store.insert(...args),
      delete: (...args) => store.delete(...args),
      find: (query, signal) => {
        if (query.kinds?.includes('writing') === true) {
          if (this.#looks % 2 === 0) this.#scans = [];
          this.#looks += 1;
        }
        return store.find(query, signal);
      },
    };
  }
}
