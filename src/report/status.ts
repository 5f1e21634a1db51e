import { ReportOptions, readReportOptions } from './report-options.js';
import { type ReportSource, basisOf, openReport, rowsOfService } from './report-source.js';
import type { StatusReport } from './report.js';

/**
 * Says what all other reports rest on: how each day was watched, and how far summaries reach.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used
 */
export async function statusReport(source: ReportSource, options: ReportOptions = {}): Promise<StatusReport> {
  const subject = 'status';
  const settings = readReportOptions(subject, ReportOptions, options);
  const scope = await openReport(source, subject, settings);
  const { window, service, register } = scope;
  const servers = rowsOfService(scope, (await scope.ask({ by: 'server' })).rows);
  const { toldSince } = await scope.ask({ by: 'caller', limit: 1 });
  const [newest] = await source.reader.getUsage({
    limit: 1,
    ...(service !== undefined && { serverName: service }),
  });
  const days = [...(register?.days ?? [])].toSorted(
    (one, other) => one.start.getTime() - other.start.getTime() || (one.service < other.service ? -1 : 1),
  );
  return {
    ...basisOf(scope, servers, toldSince),
    status: days
      .filter(({ start }) => start.getTime() >= window.startMs)
      .map((day) => Object.assign({}, day, { isWatched: day.instances > 0 })),
    foldedUntil: scope.foldedUntil && new Date(Math.min(scope.foldedUntil.getTime(), window.nowMs)),
    sealedUntil: scope.sealedUntil,
    newestRecord: newest?.date ?? null,
    isReadOnly: source.isReadOnly,
  };
}
