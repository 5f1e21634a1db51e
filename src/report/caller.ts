import type { SummaryOf } from '../storage/usage-summary.js';
import { figuresOf } from './call-figures.js';
import { EndpointMatcher } from './endpoint-matcher.js';
import { groupedInTurns } from '../time/in-turns.js';
import { askServicesBefore, isKnownBefore } from './known-before.js';
import { CallerOptions, readReportOptions } from './report-options.js';
import { type ReportSource, basisOf, openReport, rowsOfService } from './report-source.js';
import type { CallerReport } from './report.js';

/**
 * Says what one caller calls.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used
 */
export async function callerReport(source: ReportSource, options: CallerOptions): Promise<CallerReport> {
  const subject = 'caller';
  const settings = readReportOptions(subject, CallerOptions, options);
  const { username } = settings;
  const scope = await openReport(source, subject, settings);
  const matcher = new EndpointMatcher(scope.register?.endpoints ?? []);
  const servers = rowsOfService(scope, (await scope.ask({ by: 'server' })).rows);
  const answer = await scope.ask({ by: 'endpointCaller', username });
  const earlierAnswer = await scope.ask({ by: 'endpointCaller', username, ...scope.before });
  const servicesBefore = await askServicesBefore(scope);
  const nameOf = (row: SummaryOf<'endpointCaller'>): string | null => matcher.nameOf(row);
  const earlier = await groupedInTurns(rowsOfService(scope, earlierAnswer.rows), nameOf);
  const own = rowsOfService(scope, answer.rows);
  const called = await groupedInTurns(own, nameOf);
  const endpoints = [...called].flatMap(([name, rows]) => {
    const identity = rows[0] === undefined ? null : matcher.match(rows[0]);
    if (identity === null) return [];
    const before = earlier.get(name) ?? [];
    const isKnown =
      before.length > 0 || isKnownBefore(identity, matcher.find(identity), servicesBefore, scope);
    const callsBefore = isKnown && earlierAnswer.toldSince === null ? scope.count(before) : null;
    return [{ ...identity, ...figuresOf(rows, callsBefore, scope.count) }];
  });
  return {
    ...basisOf(scope, servers, answer.toldSince),
    calls: scope.count(own),
    username,
    endpoints: endpoints.toSorted((one, other) => other.calls - one.calls),
  };
}
