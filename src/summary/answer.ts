import { TrackUsageError } from '../errors.js';
import type { SummaryRowQuery, SummaryStore } from '../storage/summary-store.js';
import type { UsageReader } from '../storage/usage-reader.js';
import { show } from '../option-reader.js';
import type { SummaryQuery, UsageSummary } from '../storage/usage-summary.js';
import { TurnBudget } from '../time/turn-budget.js';
import { KeyTallies } from './aggregate.js';
import { RowCount, blockOf } from './blocks.js';
import { type Look, type Unit, foldedUntilMs, look, unitName, zoneOf } from './manifest.js';
import { type Periods, type Span, isTimeZone, periodsOf } from './periods.js';
import { type ReadPlan, planRead, toldSinceMs } from './read-plan.js';
import { sumRecords } from './record-scan.js';
import { type ResolvedSummaryQuery, resolveSummaryQuery } from './summary-query.js';
import { rowsOfAnswer } from './summary-rows.js';
import { Sums } from './sums.js';

/** How often an answer is begun anew because summaries were changed meanwhile. */
const ATTEMPTS = 10;

/** Units whose rows one statement reads. */
const STATEMENT_UNITS = 32;

/** What a summary is answered from. */
export interface SummarySource {
  readonly reader: Pick<UsageReader, 'streamUsage'>;
  /** Where the rows of summaries are; null where there are none. */
  readonly store: SummaryStore | null;
  /** The time zone of the periods, unless there are summaries in another one. @default 'UTC' */
  readonly timeZone?: string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Answers `getSummary`: from summaries for what is folded and has not been touched since, and record by record for the rest.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable, or asks for what retention has deleted
 */
export async function answerSummary(source: SummarySource, query: unknown): Promise<UsageSummary<string>> {
  const resolved = resolveSummaryQuery(query);
  const { store, signal = new AbortController().signal } = source;
  if (store === null) {
    const nothing = { marks: [], manifest: null };
    return new Answer(source, resolved, nothing, signal).make(new Set());
  }
  const broken = new Set<string>();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const before = await look(store, signal);
    const answer = new Answer(source, resolved, before, signal);
    const made = await answer.make(broken);
    // What no time is asked about rests on nothing that can change. Reports ask so for the time zone.
    if (resolved.startMs >= resolved.endMs) return made;
    const after = await look(store, signal);
    if (!answer.isSurpassed(after)) {
      if (answer.broken.size === 0) return made;
      // Rows that are not there although nothing has changed were deleted by somebody else: the records tell.
      for (const name of answer.broken) broken.add(name);
    }
  }
  throw new TrackUsageError(
    'STORAGE_UNAVAILABLE',
    `getSummary: the summaries were changed ${ATTEMPTS} times while they were read. Ask again.`,
  );
}

/**
 * Sums up the records of any storage, one by one: what `getSummary` answers where there are no summaries.
 *
 * @param timeZone - of hours, days and months, such as `'Europe/Berlin'`. @default 'UTC'
 * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable, or there is no such time zone
 */
export async function summarizeUsage<By extends string>(
  reader: Pick<UsageReader, 'streamUsage'>,
  query: SummaryQuery<By>,
  timeZone = 'UTC',
): Promise<UsageSummary<By>> {
  if (!isTimeZone(timeZone)) {
    throw new TrackUsageError(
      'INVALID_QUERY',
      `summarizeUsage: 'timeZone' is ${show(timeZone)}; expected a time zone that this machine knows, such as 'Europe/Berlin'.`,
    );
  }
  const answer: unknown = await answerSummary({ reader, store: null, timeZone }, query);
  return answer as UsageSummary<By>;
}

/** One attempt at an answer. */
class Answer {
  /** Units of which rows are missing, by name. */
  readonly broken = new Set<string>();
  readonly #source: SummarySource;
  readonly #query: ResolvedSummaryQuery;
  readonly #look: Look;
  readonly #signal: AbortSignal;
  readonly #periods: Periods;
  readonly #groups = new Map<number | null, KeyTallies>();
  #plan: ReadPlan | null = null;

  constructor(source: SummarySource, query: ResolvedSummaryQuery, found: Look, signal: AbortSignal) {
    this.#source = source;
    this.#query = query;
    this.#look = found;
    this.#signal = signal;
    this.#periods = periodsOf(found.manifest?.timeZone ?? source.timeZone ?? zoneOf(source.store) ?? 'UTC');
  }

  async make(broken: ReadonlySet<string>): Promise<UsageSummary<string>> {
    const plan = planRead(this.#query, this.#look, this.#periods, broken);
    this.#plan = plan;
    const asOf = plan.untilMs === null ? new Date() : new Date(plan.untilMs);
    for (let start = 0; start < plan.units.length; start += STATEMENT_UNITS)
      await this.#addUnits(plan.units.slice(start, start + STATEMENT_UNITS));
    const live = await this.#addRecords(plan.live);
    const { rows, isMore } = await rowsOfAnswer(this.#groups, this.#query);
    const { marks, manifest } = this.#look;
    return {
      rows,
      isMore,
      asOf,
      timeZone: this.#periods.timeZone,
      folded: plan.units.length,
      live: live,
      foldedUntil: dateOrNull(manifest && foldedUntilMs(marks, Date.now())),
      sealedUntil: dateOrNull(manifest?.confirmedMs),
      toldSince: dateOrNull(toldSinceMs(this.#query, manifest)),
    };
  }

  /** Whether something has happened to the units meanwhile: then the answer may be of two moments. */
  isSurpassed({ marks, manifest }: Look): boolean {
    if (this.#plan === null || manifest?.generation !== this.#look.manifest?.generation) return true;
    const known = new Set(this.#look.marks.map(({ id }) => id));
    const anew = marks.filter(({ id }) => !known.has(id));
    const sealedMs = manifest?.confirmedMs ?? -Infinity;
    return this.#plan.units.some((unit) =>
      anew.some((mark) => unit.endMs > sealedMs && mark.startMs < unit.endMs && mark.endMs > unit.startMs),
    );
  }

  async #addRecords(spans: readonly Span[]): Promise<number> {
    const { dimension, period, recordFilters, isAsked } = this.#query;
    const sums = new Sums([{ ...dimension, maxKeys: Infinity }], this.#periods, period);
    let count = 0;
    for (const span of spans)
      count += await sumRecords(this.#source.reader, span, sums, this.#signal, recordFilters);
    const budget = new TurnBudget(50);
    for (const start of sums.starts()) {
      const group = this.#groupOf(start);
      for (const [key, tally] of sums.figuresAt(start).get(dimension.name)?.entries() ?? []) {
        if (isAsked(key)) group.merge(key, tally);
        if (budget.isSpentAfterStep()) await budget.nextTurn(this.#signal);
      }
    }
    return count;
  }

  async #addUnits(units: readonly Unit[]): Promise<void> {
    const { store } = this.#source;
    const { name } = this.#query.dimension;
    const byName = new Map(units.map((unit) => [unitName(unit), unit]));
    const count = new RowCount();
    const firsts = new Set<Unit>();
    const budget = new TurnBudget(1);
    for (const where of spansOf(units)) {
      const rows = (await store?.find({ ...where, dimension: name }, this.#signal)) ?? [];
      for (const row of rows) {
        const unit = byName.get(unitName(row as unknown as Unit));
        if (unit === undefined || unit.edition !== row.edition) continue;
        const block = blockOf(row);
        count.note(row, block);
        const start = this.#periods.startOf(this.#query.period, unit.startMs);
        if (!this.#groups.has(start)) firsts.add(unit);
        const group = this.#groupOf(start);
        for (const entry of block.entries) {
          if (!this.#query.isAsked(entry[0])) continue;
          // The first unit of a group brings keys that are not there yet.
          if (firsts.has(unit)) group.take(entry);
          else group.merge(...entry);
        }
        if (budget.isSpentAfterStep()) await budget.nextTurn(this.#signal);
      }
    }
    for (const unit of units) if (!count.isWhole(unit, name)) this.broken.add(unitName(unit));
  }

  #groupOf(start: number | null): KeyTallies {
    let group = this.#groups.get(start);
    if (group === undefined) this.#groups.set(start, (group = new KeyTallies()));
    return group;
  }
}

function dateOrNull(ms: number | null | undefined): Date | null {
  return ms == null ? null : new Date(ms);
}

/** The rows of units of one kind that follow each other are read by one statement. */
function spansOf(units: readonly Unit[]): SummaryRowQuery[] {
  const spans: { kinds: readonly Unit['kind'][]; fromMs: number; beforeMs: number }[] = [];
  for (const { kind, startMs, endMs } of units) {
    const last = spans.at(-1);
    if (last?.kinds[0] === kind) last.beforeMs = endMs;
    else spans.push({ kinds: [kind], fromMs: startMs, beforeMs: endMs });
  }
  return spans;
}
