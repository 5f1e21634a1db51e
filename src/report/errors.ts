import { callsOf, figuresOf } from './call-figures.js';
import { askCalled } from './endpoint-calls.js';
import { EndpointMatcher, endpointName } from './endpoint-matcher.js';
import { ReportOptions, readReportOptions } from './report-options.js';
import { type ReportSource, basisOf, openReport } from './report-source.js';
import type { ErrorRow, ErrorsReport } from './report.js';

/**
 * Says which endpoints fail, and with which statuses.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used
 */
export async function errorsReport(source: ReportSource, options: ReportOptions = {}): Promise<ErrorsReport> {
  const subject = 'errors';
  const settings = readReportOptions(subject, ReportOptions, options);
  const scope = await openReport(source, subject, settings);
  const matcher = new EndpointMatcher(scope.register?.endpoints ?? []);
  const times = await askCalled(scope, matcher);
  const identities = new Map(times.identities.map((one) => [endpointName(one), one]));
  const errors = [...times.called].flatMap(([name, rows]): ErrorRow[] => {
    const identity = identities.get(name);
    const isKnownBefore = identity !== undefined && times.servicesBefore.has(identity.service);
    const figures = figuresOf(
      rows,
      isKnownBefore ? scope.count(times.before.get(name) ?? []) : null,
      scope.count,
    );
    const failed = figures.clientErrors + figures.serverErrors;
    if (identity === undefined || failed === 0) return [];
    const { service, method, route } = identity;
    return [{ service, method, route, ...figures, errorRate: failed / callsOf(rows) }];
  });
  const statuses = await scope.ask({ by: 'status' });
  const services = settings.service === undefined ? [] : (await scope.ask({ by: 'server' })).rows;
  return {
    ...basisOf(scope, times.rows),
    errors: errors.toSorted(
      (one, other) => other.serverErrors - one.serverErrors || other.clientErrors - one.clientErrors,
    ),
    // They are not told by service: where others have calls too, they are not those of this one.
    statuses: services.some(({ service }) => service !== settings.service)
      ? null
      : statuses.rows
          .map((row) => ({ status: row.status, calls: scope.count([row]) }))
          .filter(({ calls }) => calls > 0)
          .toSorted((one, other) => other.calls - one.calls),
  };
}
