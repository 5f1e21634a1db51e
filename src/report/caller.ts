import { callsOf, figuresOf } from './call-figures.js';
import { EndpointMatcher, endpointName } from './endpoint-matcher.js';
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
  const { before } = scope.window;
  const matcher = new EndpointMatcher(scope.register?.endpoints ?? []);
  const nameOf = (row: Parameters<typeof matcher.match>[0]): string | null => {
    const identity = matcher.match(row);
    return identity === null ? null : endpointName(identity);
  };
  const servers = rowsOfService(scope, (await scope.ask({ by: 'server' })).rows);
  const answer = await scope.ask({ by: 'endpointCaller', username });
  const [startDate, endDate] = [new Date(before.startMs), new Date(before.endMs)];
  const rowsBefore = rowsOfService(
    scope,
    (await scope.ask({ by: 'endpointCaller', username, startDate, endDate })).rows,
  );
  const earlier = Map.groupBy(rowsBefore, nameOf);
  const endpoints = [...Map.groupBy(rowsOfService(scope, answer.rows), nameOf)].flatMap(([name, rows]) => {
    const identity = rows[0] === undefined ? null : matcher.match(rows[0]);
    if (identity === null) return [];
    const { service, method, route } = identity;
    const callsBefore = rowsBefore.length === 0 ? null : callsOf(earlier.get(name) ?? []);
    return [{ service, method, route, ...figuresOf(rows, callsBefore) }];
  });
  return {
    ...basisOf(scope, servers, answer.toldSince),
    username,
    endpoints: endpoints.toSorted((one, other) => other.calls - one.calls),
  };
}
