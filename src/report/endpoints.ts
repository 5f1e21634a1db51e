import { compareTexts } from '../endpoint/register-rows.js';
import { type StudiedEndpoint, namedOf, studyEndpoints } from './endpoint-study.js';
import { VerdictOptions, readReportOptions } from './report-options.js';
import { type ReportSource, openReport } from './report-source.js';
import type { EndpointRow, EndpointsReport, Verdict } from './report.js';

/** Verdicts in the order of the report: those first that ask for a decision. */
const ORDER: Readonly<Record<Verdict, number>> = {
  unused: 0,
  'bots-only': 1,
  'fails-only': 2,
  sampled: 3,
  deprecated: 4,
  'gone-still-called': 5,
  'too-young': 6,
  unwatched: 7,
  untracked: 8,
  kept: 9,
  used: 10,
  gone: 11,
};

/**
 * Says of every endpoint whether it is used, by whom, and whether it can be deleted.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used
 */
export async function endpointsReport(
  source: ReportSource,
  options: VerdictOptions = {},
): Promise<EndpointsReport> {
  const subject = 'endpoints';
  const settings = readReportOptions(subject, VerdictOptions, options);
  const { basis, endpoints } = await studyEndpoints(await openReport(source, subject, settings), settings);
  return { ...basis, endpoints: endpoints.map(rowOf).toSorted(compare) };
}

function rowOf(studied: StudiedEndpoint): EndpointRow {
  const { identity, registered, controller, action, callers, verdict, reason } = studied;
  const { calls, before, clientErrors, serverErrors, bots, p50Ms, p95Ms, p99Ms, lastCall } = studied;
  const named = namedOf(callers);
  return {
    ...identity,
    controller,
    action,
    verdict,
    reason,
    calls,
    before,
    callers: named?.length ?? null,
    topCaller: named?.[0]?.username ?? null,
    clientErrors,
    serverErrors,
    bots,
    p50Ms,
    p95Ms,
    p99Ms,
    lastCall,
    trackedSince: registered?.trackedSince ?? null,
    deprecation: registered?.deprecation ?? null,
    watchedDays: registered?.isDeclared === true ? registered.watchedDays : null,
    renamedTo: studied.renamedTo,
    renamedFrom: studied.renamedFrom,
  };
}

function compare(one: EndpointRow, other: EndpointRow): number {
  return (
    ORDER[one.verdict] - ORDER[other.verdict] ||
    one.calls - other.calls ||
    compareTexts(placeOf(one), placeOf(other))
  );
}

function placeOf({ service, route, method }: EndpointRow): string {
  return [service, route, method].join('\0');
}
