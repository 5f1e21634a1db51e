import { TrackUsageError } from '../errors.js';
import type { SummaryOf, SummaryQuery } from '../storage/usage-summary.js';
import { callsOf, figuresOf } from './call-figures.js';
import { TrafficOptions, readReportOptions } from './report-options.js';
import { type ReportScope, type ReportSource, basisOf, openReport, rowsOfService } from './report-source.js';
import type { ReportWindow } from './report-window.js';
import type { TrafficReport, TrafficRow } from './report.js';

type Period = TrafficReport['period'];
type ServerRow = SummaryOf<'server'>;

/**
 * Says how much was called over time, beside the span before.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used, hours are asked for that retention has deleted, or there are too many periods
 */
export async function trafficReport(
  source: ReportSource,
  options: TrafficOptions = {},
): Promise<TrafficReport> {
  const subject = 'traffic';
  const settings = readReportOptions(subject, TrafficOptions, options);
  const scope = await openReport(source, subject, settings);
  const { window } = scope;
  const count = window.days.length;
  const period = settings.period ?? (count <= 2 ? 'hour' : count <= 92 ? 'day' : 'month');
  const rows = await askServers(scope, { period });
  const rowsBefore = await askServers(scope, { period: period === 'hour' ? 'hour' : 'day', ...scope.before });
  const before = callsBefore(scope, period, rowsBefore);
  const byStart = Map.groupBy(rows, ({ start }) => Number(start));
  const isWatched = watchedIn(scope, period);
  const traffic = Array.from(startsOf(window, period, rows), (startMs) =>
    Object.assign(
      rowOf(startMs, byStart.get(startMs) ?? [], before === null ? null : (before.get(startMs) ?? 0)),
      { isWatched: isWatched(startMs) },
    ),
  );
  const totalBefore = rowsBefore.length === 0 ? null : figuresOf(rowsBefore, null);
  const total = figuresOf(rows, totalBefore?.calls ?? null);
  return { ...basisOf(scope, rows), period, total, totalBefore, traffic };
}

/** Tells of a period by its beginning whether an instance was watching on any day of it, as far as is known. */
function watchedIn({ register, window }: ReportScope, period: Period): (startMs: number) => boolean | null {
  if (register === null) return () => null;
  const placeOf = (ms: number): number | null =>
    window.periods.startOf(period === 'hour' ? 'day' : period, ms);
  const watched = register.days.filter(({ instances }) => instances > 0);
  const places = new Set(watched.map(({ start }) => placeOf(start.getTime())));
  return (startMs) => places.has(placeOf(startMs));
}

function rowOf(
  startMs: number,
  rows: readonly ServerRow[],
  before: number | null,
): Omit<TrafficRow, 'isWatched'> {
  return {
    start: new Date(startMs),
    ...figuresOf(rows, before),
    aborted: rows.reduce((sum, { aborted }) => sum + aborted, 0),
    requestBytes: rows.reduce((sum, { requestBytes }) => sum + requestBytes, 0),
    responseBytes: rows.reduce((sum, { responseBytes }) => sum + responseBytes, 0),
  };
}

/** When each period of a span begins, and those of requests which a process has recorded whose clock is ahead. */
function startsOf(
  { startMs, untilMs, periods }: ReportWindow,
  period: Period,
  rows: readonly ServerRow[],
): Iterable<number> {
  const spans = [...periods.within(period, { startMs, endMs: untilMs })];
  return new Set([...spans.map((span) => span.startMs), ...rows.map(({ start }) => Number(start))]);
}

/**
 * The calls of the span before, by the beginning of the period that is as far into the span of the report: a month has those of the
 * days before which lie as far back as its own days do. Null if there were none.
 */
function callsBefore(
  scope: ReportScope,
  period: Period,
  rows: readonly ServerRow[],
): ReadonlyMap<number, number> | null {
  const { days, before, periods } = scope.window;
  if (rows.length === 0) return null;
  const daysBefore = new Map(
    [...periods.within('day', before)].map(({ startMs }, index) => [startMs, index]),
  );
  const groups = Map.groupBy(rows, ({ start }) => {
    const dayBefore = periods.dayOf(Number(start));
    const day = days[daysBefore.get(dayBefore.startMs) ?? 0] ?? dayBefore;
    // Where the clock was changed, a day may be an hour shorter than the other.
    const sameTimeMs = Math.min(day.startMs + Number(start) - dayBefore.startMs, day.endMs - 1);
    return periods.startOf(period, sameTimeMs) as number;
  });
  return new Map([...groups].map(([startMs, group]) => [startMs, callsOf(group)]));
}

/** @throws {TrackUsageError} `INVALID_QUERY` if one answer does not hold all, as a part of it would pass for the whole */
async function askServers(
  scope: ReportScope,
  query: Pick<SummaryQuery<'server'>, 'period' | 'startDate' | 'endDate'>,
): Promise<readonly ServerRow[]> {
  const { rows, isMore } = await scope.ask({ ...query, by: 'server' });
  if (!isMore) return rowsOfService(scope, rows);
  throw new TrackUsageError(
    'INVALID_QUERY',
    `traffic: there are more than ${rows.length} rows, one for each period and service; give a longer 'period', or fewer days.`,
  );
}
