import type { SummaryOf } from '../storage/usage-summary.js';
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
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used, or hours are asked for that retention has deleted
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
  const rows = rowsOfService(scope, (await scope.ask({ by: 'server', period })).rows);
  const before = await callsBefore(scope, period);
  const byStart = Map.groupBy(rows, ({ start }) => Number(start));
  const traffic = Array.from(startsOf(window, period, rows), (startMs) =>
    rowOf(startMs, byStart.get(startMs) ?? [], before === null ? null : (before.get(startMs) ?? 0)),
  );
  const allBefore = before === null ? null : [...before.values()].reduce((sum, calls) => sum + calls, 0);
  return { ...basisOf(scope, rows), period, total: figuresOf(rows, allBefore), traffic };
}

function rowOf(startMs: number, rows: readonly ServerRow[], before: number | null): TrafficRow {
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
async function callsBefore(scope: ReportScope, period: Period): Promise<ReadonlyMap<number, number> | null> {
  const { days, before, periods } = scope.window;
  const { rows } = await scope.ask({
    by: 'server',
    period: period === 'hour' ? 'hour' : 'day',
    startDate: new Date(before.startMs),
    endDate: new Date(before.endMs),
  });
  const own = rowsOfService(scope, rows);
  if (own.length === 0) return null;
  const daysBefore = new Map(
    [...periods.within('day', before)].map(({ startMs }, index) => [startMs, index]),
  );
  const groups = Map.groupBy(own, ({ start }) => {
    const dayBefore = periods.dayOf(Number(start));
    const day = days[daysBefore.get(dayBefore.startMs) ?? 0] ?? dayBefore;
    // Where the clock was changed, a day may be an hour shorter than the other.
    const sameTimeMs = Math.min(day.startMs + Number(start) - dayBefore.startMs, day.endMs - 1);
    return periods.startOf(period, sameTimeMs) as number;
  });
  return new Map([...groups].map(([startMs, group]) => [startMs, callsOf(group)]));
}
