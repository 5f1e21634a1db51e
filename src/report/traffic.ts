import { TrackUsageError } from '../errors.js';
import type { SummaryOf, SummaryQuery, UsageSummary } from '../storage/usage-summary.js';
import { type CallCount, figuresOf } from './call-figures.js';
import { EndpointMatcher, endpointName } from './endpoint-matcher.js';
import { askServicesBefore, isKnownBefore } from './known-before.js';
import { TrafficOptions, readReportOptions } from './report-options.js';
import { type ReportScope, type ReportSource, basisOf, openReport, rowsOfService } from './report-source.js';
import type { ReportWindow } from './report-window.js';
import type { TrafficReport, TrafficRow } from './report.js';

type Period = TrafficReport['period'];
type Row = SummaryOf<'server' | 'endpoint' | 'endpointCaller'>;

/** Whose calls, and of which endpoint. */
interface Asked extends Pick<TrafficReport, 'endpoint' | 'username'> {
  readonly scope: ReportScope;
  readonly matcher: EndpointMatcher;
}

/** Rows, and the moment before which nothing is told of them. */
interface Told {
  readonly rows: readonly Row[];
  readonly toldSince: Date | null;
}

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
  const matcher = new EndpointMatcher(scope.register?.endpoints ?? []);
  const servers = rowsOfService(scope, (await scope.ask({ by: 'server' })).rows);
  const { services } = basisOf(scope, servers);
  const endpoint = matcher.only(settings.endpoint, services, subject);
  const asked: Asked = { scope, matcher, endpoint, username: settings.username ?? null };
  const { rows, toldSince } = await askRows(asked, { period });
  const rowsBefore = await askBefore(asked, period);
  const totalBefore = rowsBefore === null ? null : figuresOf(rowsBefore, null, scope.count);
  const total = figuresOf(rows, totalBefore?.calls ?? null, scope.count);
  return {
    ...basisOf(scope, servers, toldSince),
    calls: total.calls,
    endpoint,
    username: asked.username,
    period,
    total,
    totalBefore,
    traffic: trafficOf(scope, period, { rows, toldSince, before: callsBefore(scope, period, rowsBefore) }),
  };
}

/** The periods with their figures. */
function trafficOf(
  scope: ReportScope,
  period: Period,
  { rows, toldSince, before }: Told & { readonly before: ReadonlyMap<number, number> | null },
): TrafficRow[] {
  const byStart = Map.groupBy(rows, ({ start }) => Number(start));
  const isWatched = watchedIn(scope, period);
  const startMs = Math.max(scope.window.startMs, Number(toldSince));
  return Array.from(startsOf({ ...scope.window, startMs }, period, rows), (start) =>
    Object.assign(
      rowOf(start, byStart.get(start) ?? [], before === null ? null : (before.get(start) ?? 0), scope.count),
      {
        isWatched: isWatched(start),
      },
    ),
  );
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
  rows: readonly Row[],
  before: number | null,
  count: CallCount,
): Omit<TrafficRow, 'isWatched'> {
  return {
    start: new Date(startMs),
    ...figuresOf(rows, before, count),
    aborted: rows.reduce((sum, { aborted }) => sum + aborted, 0),
    requestBytes: rows.reduce((sum, { requestBytes }) => sum + requestBytes, 0),
    responseBytes: rows.reduce((sum, { responseBytes }) => sum + responseBytes, 0),
  };
}

/** When each period of a span begins, and those of requests which a process has recorded whose clock is ahead. */
function startsOf(
  { startMs, untilMs, periods }: ReportWindow,
  period: Period,
  rows: readonly Row[],
): Iterable<number> {
  const spans = [...periods.within(period, { startMs, endMs: untilMs })];
  return new Set([...spans.map((span) => span.startMs), ...rows.map(({ start }) => Number(start))]);
}

/**
 * The calls of the span before, by the beginning of the period that is as far into the span of the report: a month has those of the
 * days before which lie as far back as its own days do. Null if nothing is known of them.
 */
function callsBefore(
  scope: ReportScope,
  period: Period,
  rows: readonly Row[] | null,
): ReadonlyMap<number, number> | null {
  const { days, before, periods } = scope.window;
  if (rows === null) return null;
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
  return new Map([...groups].map(([startMs, group]) => [startMs, scope.count(group)]));
}

/** Asks for the span before; null if nothing is known of it. */
async function askBefore(asked: Asked, period: Period): Promise<readonly Row[] | null> {
  const { scope, matcher, endpoint } = asked;
  const shorter = period === 'hour' ? 'hour' : 'day';
  const { rows, toldSince } = await askRows(asked, { period: shorter, ...scope.before });
  if (toldSince !== null) return null;
  if (rows.length > 0) return rows;
  const registered = endpoint === null ? null : matcher.find(endpoint);
  return isKnownBefore(endpoint, registered, await askServicesBefore(scope), scope) ? [] : null;
}

/** @throws {TrackUsageError} `INVALID_QUERY` if one answer does not hold all, as a part of it would pass for the whole */
async function askRows(
  { scope, matcher, endpoint, username }: Asked,
  dates: Pick<SummaryQuery<'server'>, 'period' | 'startDate' | 'endDate'>,
): Promise<Told> {
  const route = endpoint === null ? {} : { route: endpoint.route };
  const answer: UsageSummary<'server' | 'endpoint' | 'endpointCaller'> =
    username !== null
      ? await scope.ask({ ...dates, ...route, by: 'endpointCaller', username })
      : await scope.ask({ ...dates, ...route, by: endpoint === null ? 'server' : 'endpoint' });
  const { rows, isMore, toldSince } = answer;
  if (isMore)
    throw new TrackUsageError(
      'INVALID_QUERY',
      `traffic: there are more than ${rows.length} rows, one for each period and service; give a longer 'period', or fewer days.`,
    );
  const own = rowsOfService(scope, rows);
  if (endpoint === null) return { rows: own, toldSince };
  const name = endpointName(endpoint);
  return { rows: own.filter((row) => 'route' in row && matcher.nameOf(row) === name), toldSince };
}
