import type { SummaryFigures } from '../storage/usage-summary.js';
import { durationsOf } from '../summary/summary-rows.js';
import type { CallFigures, ReportBasis } from './report.js';

/** Counts the requests of rows. */
export type CallCount = (rows: readonly SummaryFigures[]) => number;

/** The figures of rows, added up. */
export function figuresOf(
  rows: readonly SummaryFigures[],
  before: number | null,
  count: CallCount,
): CallFigures {
  const durations = durationsOf(rows);
  return {
    calls: count(rows),
    before,
    clientErrors: rows.reduce((sum, row) => sum + row.clientErrors, 0),
    serverErrors: rows.reduce((sum, row) => sum + row.serverErrors, 0),
    bots: rows.reduce((sum, row) => sum + row.bots, 0),
    p50Ms: durations?.p50 ?? null,
    p95Ms: durations?.p95 ?? null,
    p99Ms: durations?.p99 ?? null,
    lastCall: lastOf(rows),
  };
}

/** The requests of rows. */
export function callsOf(rows: readonly SummaryFigures[]): number {
  return rows.reduce((sum, row) => sum + row.hits, 0);
}

/** The requests of rows that are not by crawlers, monitors or link previewers. */
export function callsOfPeople(rows: readonly SummaryFigures[]): number {
  return rows.reduce((sum, row) => sum + (row.hits - row.bots), 0);
}

/** All requests of figures, of which a report about people counts those of crawlers apart. Errors are those of all. */
export function allCallsOf(
  { calls, bots }: Pick<CallFigures, 'calls' | 'bots'>,
  { people }: Pick<ReportBasis, 'people'>,
): number {
  return people ? calls + bots : calls;
}

/** The last request of rows. */
export function lastOf(rows: readonly SummaryFigures[]): Date | null {
  return rows.reduce<Date | null>(
    (last, { lastDate }) => (last === null || lastDate > last ? lastDate : last),
    null,
  );
}
