import type { RegisteredEndpoint } from '../endpoint/register.js';
import { askCallers, countedSinceMs } from './endpoint-calls.js';
import { type StudiedEndpoint, namedOf, studyEndpoints } from './endpoint-study.js';
import { DEFAULT_RULES, ReportOptions, readReportOptions } from './report-options.js';
import { type ReportSource, openReport } from './report-source.js';
import type { CallerCalls, GoneReport, GoneRow } from './report.js';

type Gone = StudiedEndpoint & { readonly registered: RegisteredEndpoint & { readonly goneSince: Date } };

/**
 * Says which endpoints no instance declares any more, and who still asks for them.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used
 */
export async function goneReport(source: ReportSource, options: ReportOptions = {}): Promise<GoneReport> {
  const subject = 'gone';
  const settings = readReportOptions(subject, ReportOptions, options);
  const scope = await openReport(source, subject, settings);
  const { basis, endpoints, matcher } = await studyEndpoints(scope, { ...settings, ...DEFAULT_RULES });
  const gone = endpoints.filter((one): one is Gone => one.registered?.goneSince instanceof Date);
  const called = gone.filter(({ callsSinceGone }) => callsSinceGone > 0);
  const rows: GoneRow[] = gone.filter((one) => !called.includes(one)).map((one) => rowOf(one, []));
  const sinceOf = ({ registered }: Gone): number =>
    Math.max(countedSinceMs(scope, registered.goneSince), scope.window.startMs);
  for (const [sinceMs, ended] of Map.groupBy(called, sinceOf)) {
    const callers = await askCallers(scope, matcher, new Date(sinceMs));
    for (const one of ended) rows.push(rowOf(one, callers.of(one.identity, one.lastCall)));
  }
  return {
    ...basis,
    gone: rows.toSorted(
      (one, other) => other.calls - one.calls || other.lastDeclared.getTime() - one.lastDeclared.getTime(),
    ),
  };
}

function rowOf(one: Gone, callers: readonly CallerCalls[] | null): GoneRow {
  const { lastDeclared, lastVersion } = one.registered;
  const named = namedOf(callers);
  return {
    ...one.identity,
    lastDeclared,
    lastVersion,
    calls: one.callsSinceGone,
    callers: named?.length ?? null,
    topCaller: named?.[0]?.username ?? null,
    lastCall: one.lastCall,
    renamedTo: one.renamedTo,
  };
}
