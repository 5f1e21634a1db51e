import type { EndpointDeprecation } from '../endpoint/register.js';
import type { Span } from '../summary/periods.js';
import { endpointName } from './endpoint-matcher.js';
import { type EndpointStudy, type StudiedEndpoint, namedOf, studyEndpoints } from './endpoint-study.js';
import { groupedInTurns } from '../time/in-turns.js';
import { VerdictOptions, readReportOptions } from './report-options.js';
import { type ReportScope, type ReportSource, openReport, rowsOfService } from './report-source.js';
import type { DeprecationRow, DeprecationsReport, Verdict } from './report.js';
import { daysUntil, sunsetText } from './verdict.js';
import { counted } from './words.js';

const WEEK_DAYS = 7;

/** What the reasons of some verdicts say of an endpoint that nobody is known to call. */
const NOT_KNOWN: Partial<Record<Verdict, string>> = {
  'too-young': 'not watched long enough: ',
  unwatched: 'not watched well enough: ',
  kept: 'to be kept: ',
};

/**
 * Says of every deprecated endpoint who still calls it, how often a week, and whether it can be removed.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used
 */
export async function deprecationsReport(
  source: ReportSource,
  options: VerdictOptions = {},
): Promise<DeprecationsReport> {
  const subject = 'deprecations';
  const settings = readReportOptions(subject, VerdictOptions, options);
  const scope = await openReport(source, subject, settings);
  const study = await studyEndpoints(scope, settings);
  const deprecated = study.endpoints.flatMap((one) => {
    const deprecation = one.registered?.isDeclared === true ? one.registered.deprecation : null;
    return deprecation === null ? [] : [{ one, deprecation }];
  });
  const weeks = deprecated.length === 0 ? [] : await askWeeks(scope, study);
  const deprecations = deprecated.map(({ one, deprecation }) => {
    const calls = weeks.map((week) => week.get(endpointName(one.identity)) ?? 0);
    return rowOf(one, deprecation, calls, scope.window.untilMs);
  });
  return {
    ...study.basis,
    deprecations: deprecations.toSorted(
      (one, other) =>
        (one.daysToSunset ?? Infinity) - (other.daysToSunset ?? Infinity) || other.calls - one.calls,
    ),
  };
}

function rowOf(
  one: StudiedEndpoint,
  deprecation: EndpointDeprecation,
  weeks: readonly number[],
  untilMs: number,
): DeprecationRow {
  const { sunset } = deprecation;
  const hindrances = hindrancesOf(one, sunset, untilMs);
  return {
    ...one.identity,
    ...deprecation,
    daysToSunset: sunset === null ? null : daysUntil(sunset, untilMs),
    calls: one.calls,
    before: one.before,
    weeks,
    callers: one.callers,
    lastCall: one.lastCall,
    verdict: one.verdict,
    isReadyToRemove: hindrances.length === 0,
    reason: hindrances.join(', ') || one.reason,
  };
}

/** Why an endpoint cannot be removed yet. */
function hindrancesOf(
  { verdict, reason, calls, callers }: StudiedEndpoint,
  sunset: Date | null,
  untilMs: number,
): string[] {
  const isAhead = sunset !== null && sunset.getTime() > untilMs;
  const named = namedOf(callers)?.length ?? 0;
  const caller = named > 0 ? counted(named, 'caller') : counted(calls, 'call');
  return [
    ...(isAhead ? [sunsetText(sunset, untilMs)] : []),
    ...(calls > 0 ? [caller] : verdict === 'unused' ? [] : [`${NOT_KNOWN[verdict] ?? ''}${reason}`]),
  ];
}

/** Asks for the calls of each week, by the names of endpoints. The last week ends with the span; the first may be shorter. */
async function askWeeks(
  scope: ReportScope,
  { matcher }: EndpointStudy,
): Promise<readonly ReadonlyMap<string, number>[]> {
  const { days, endDate } = scope.window;
  const weeks: ReadonlyMap<string, number>[] = [];
  for (let end = days.length; end > 0; end -= WEEK_DAYS) {
    const startDate = new Date((days[Math.max(0, end - WEEK_DAYS)] as Span).startMs);
    const next = days[end];
    const { rows } = await scope.ask({
      by: 'endpoint',
      startDate,
      endDate: next === undefined ? endDate : new Date(next.startMs),
    });
    const named = await groupedInTurns(rowsOfService(scope, rows), (row) => matcher.nameOf(row));
    weeks.unshift(new Map([...named].map(([name, own]) => [name, scope.count(own)])));
  }
  return weeks;
}
