import type { WatchedSpan } from '../endpoint/read-register.js';
import type { EndpointRegister, WatchedDay } from '../endpoint/register.js';
import type { UsageReader } from '../storage/usage-reader.js';
import {
  type DimensionName,
  type SummaryOf,
  type SummaryQuery,
  type UsageSummary,
  isSummaryReader,
} from '../storage/usage-summary.js';
import { summarizeUsage } from '../summary/answer.js';
import { type CallCount, callsOf, callsOfPeople } from './call-figures.js';
import type { ReportSettings } from './report-options.js';
import { type ReportWindow, windowOf } from './report-window.js';
import type { ReportBasis } from './report.js';

/** A question about a dimension of summaries. */
type Question<By extends DimensionName> = SummaryQuery<By> & { readonly by: By };

/** What reports are made from. */
export interface ReportSource {
  readonly reader: UsageReader;
  /** Asks for a summary: {@link summariesOf} the reader, or answers of it that are shared. */
  readonly ask: <By extends DimensionName>(query: Question<By>) => Promise<UsageSummary<By>>;
  /** Reads what is known of endpoints, and how they were watched in a span; null where nothing is. */
  readonly readRegister: (span: WatchedSpan) => Promise<EndpointRegister | null>;
  /** The time of day, in milliseconds since 1970. */
  readonly now: () => number;
  /** Whether the storage was opened for reading alone. */
  readonly isReadOnly: boolean;
}

/** More rows than any answer here has. */
const MOST_ROWS = 100_000;

/** Asks a reader for summaries; they are counted record by record where it has none. */
export function summariesOf(reader: UsageReader): ReportSource['ask'] {
  return (query) => (isSummaryReader(reader) ? reader.getSummary(query) : summarizeUsage(reader, query));
}

/**
 * A source whose reports are of one moment, at which `now` stands still. Equal questions are asked once, as long as the source is held: two
 * answers to one question may differ by the requests that came in between.
 */
export function togetherFrom(source: ReportSource): ReportSource {
  const nowMs = source.now();
  return {
    ...source,
    ask: once(source.ask),
    readRegister: once(source.readRegister),
    now: () => nowMs,
  };
}

/** Asks each question once. */
function once<Ask extends (question: never) => Promise<unknown>>(ask: Ask): Ask {
  const answers = new Map<string, Promise<unknown>>();
  return ((question: never) => {
    const given = Object.entries(question).filter(([, value]) => value !== undefined);
    const name = JSON.stringify(given.toSorted(([one], [other]) => (one < other ? -1 : 1)));
    const answer = answers.get(name) ?? ask(question);
    answers.set(name, answer);
    return answer;
  }) as Ask;
}

/** One report while it is being made. */
export interface ReportScope {
  readonly window: ReportWindow;
  /** The only service that is asked about. */
  readonly service: string | undefined;
  readonly register: EndpointRegister | null;
  /** Days of the span before on which an instance was watching; null where nothing is known of that. */
  readonly watchedDaysBefore: number | null;
  readonly foldedUntil: Date | null;
  readonly sealedUntil: Date | null;
  /** Whether crawlers are left out of calls, and what counts these. */
  readonly people: boolean;
  readonly count: CallCount;
  /** The dates of the span before. */
  readonly before: { readonly startDate: Date; readonly endDate: Date };
  /** Asks for a summary; of the window, unless other dates are given. */
  readonly ask: ReportSource['ask'];
}

/**
 * Finds out what a report is about.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if there is no such span of time
 */
export async function openReport(
  source: ReportSource,
  subject: string,
  settings: ReportSettings,
): Promise<ReportScope> {
  const { ask } = source;
  const nowMs = source.now();
  // A question about no time at all tells the time zone, and costs a look at the marks.
  const [startDate, endDate] = [new Date(nowMs), new Date(nowMs)];
  const { timeZone, foldedUntil, sealedUntil } = await ask({ by: 'server', startDate, endDate });
  const window = windowOf(settings, { subject, nowMs, timeZone, sealedUntil });
  const { startMs, untilMs, before } = window;
  const { service, people = false } = settings;
  const known = await source.readRegister({ startMs, endMs: untilMs, daysFromMs: before.startMs });
  const register = known === null ? null : ofService(known, service);
  const isInSpan = ({ start }: WatchedDay): boolean => start.getTime() >= startMs;
  return {
    window,
    service,
    foldedUntil,
    sealedUntil,
    people,
    count: people ? callsOfPeople : callsOf,
    before: { startDate: new Date(window.before.startMs), endDate: new Date(window.before.endMs) },
    register: register && { ...register, days: register.days.filter(isInSpan) },
    watchedDaysBefore: register && countWatched(register.days.filter((day) => !isInSpan(day))),
    ask: (query) =>
      ask({
        startDate: new Date(window.startMs),
        ...(window.endDate !== undefined && { endDate: window.endDate }),
        limit: MOST_ROWS,
        ...query,
      }),
  };
}

function ofService(register: EndpointRegister, service: string | undefined): EndpointRegister {
  const isMeant = (one: { readonly service: string }): boolean =>
    service === undefined || one.service === service;
  const { endpoints, days } = register;
  return { ...register, endpoints: endpoints.filter(isMeant), days: days.filter(isMeant) };
}

/** Rows of the service that is asked about. */
export function rowsOfService<Row extends { readonly service: string }>(
  { service }: ReportScope,
  rows: readonly Row[],
): readonly Row[] {
  return service === undefined ? rows : rows.filter((row) => row.service === service);
}

/** What a report rests on, by rows of its window that tell of every request once. */
export function basisOf(
  { window, register, watchedDaysBefore, people, count }: ReportScope,
  rows: readonly (SummaryOf<'server'> | SummaryOf<'endpoint'>)[],
  callersSince: Date | null = null,
): ReportBasis {
  const { startMs, endMs, untilMs, periods, days } = window;
  const called = rows.filter(({ isOther }) => !isOther).map(({ service }) => service);
  const declared = [...(register?.endpoints ?? []), ...(register?.days ?? [])].map(({ service }) => service);
  return {
    from: new Date(startMs),
    to: new Date(endMs),
    asOf: new Date(untilMs),
    timeZone: periods.timeZone,
    services: [...new Set([...called, ...declared])].toSorted(),
    days: days.length,
    watchedDays: register && countWatched(register.days),
    watchedDaysBefore,
    calls: count(rows),
    people,
    lost: register === null ? null : countAll(register.days.map(({ dropped }) => dropped)),
    // Those that sampling left out are among the calls, by the weight of the others.
    skipped:
      register === null
        ? null
        : countAll(register.days.map(({ skipped: { sampled: _sampled, ...skipped } }) => skipped)),
    sampled: register?.endpoints.some((one) => one.tracked && one.lowestSampleRate !== 1) ?? null,
    callersSince,
  };
}

/** On how many days an instance of any service was watching. */
function countWatched(days: readonly WatchedDay[]): number {
  return new Set(days.filter(({ instances }) => instances > 0).map(({ start }) => start.getTime())).size;
}

/** Counts by reason, added up. */
export function countAll(counts: readonly Readonly<Record<string, number>>[]): number {
  return counts.flatMap((count) => Object.values(count)).reduce((total, count) => total + count, 0);
}
