import type { SummaryOf, UsageSummary } from '../storage/usage-summary.js';
import { type CallCount, figuresOf } from './call-figures.js';
import { EndpointMatcher, endpointName } from './endpoint-matcher.js';
import { groupedInTurns, mappedInTurns, sortedInTurns } from '../time/in-turns.js';
import { CallersOptions, readReportOptions } from './report-options.js';
import { type ReportSource, basisOf, openReport, rowsOfService } from './report-source.js';
import type { CallerRow, CallersReport } from './report.js';

type Pair = SummaryOf<'endpointCaller'>;

type AnyRow = SummaryOf<'server'> | SummaryOf<'endpoint'>;

type Row = SummaryOf<'caller'> | Pair;

/**
 * Says who calls the API, or one endpoint.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used
 */
export async function callersReport(
  source: ReportSource,
  options: CallersOptions = {},
): Promise<CallersReport> {
  const subject = 'callers';
  const settings = readReportOptions(subject, CallersOptions, options);
  const scope = await openReport(source, subject, settings);
  const { count } = scope;
  const matcher = new EndpointMatcher(scope.register?.endpoints ?? []);
  const answer = await scope.ask({ by: 'endpointCaller' });
  const by = settings.endpoint === undefined ? 'server' : 'endpoint';
  const all = rowsOfService<AnyRow>(scope, (await scope.ask({ by })).rows);
  const basis = basisOf(scope, all, answer.toldSince);
  const endpoint = matcher.only(settings.endpoint, basis.services, subject);
  const only = async (rows: readonly Pair[]): Promise<readonly Pair[]> => {
    const own = rowsOfService(scope, rows);
    if (endpoint === null) return own;
    return (await groupedInTurns(own, (row) => matcher.nameOf(row))).get(endpointName(endpoint)) ?? [];
  };
  const pairs = await only(answer.rows);
  // Callers of everything have rows of their own, of which fewer are counted as one.
  const isOfAll = endpoint === null && scope.service === undefined;
  const told = isOfAll ? await scope.ask({ by: 'caller' }) : { ...answer, rows: pairs };
  const earlier = await scope.ask({ by: isOfAll ? 'caller' : 'endpointCaller', ...scope.before });
  const rowsBefore = isOfAll ? earlier.rows : await only(earlier.rows as Pair[]);
  return {
    ...basis,
    // Summaries tell of calls longer than of callers.
    calls:
      endpoint === null
        ? basis.calls
        : count(all.filter((row) => 'route' in row && matcher.nameOf(row) === endpointName(endpoint))),
    endpoint,
    callers: await callersOf(told.rows, earlier.toldSince === null ? rowsBefore : [], pairs, {
      matcher,
      count,
    }),
    callersBefore: isWhole(earlier) ? await countNamed(rowsBefore, count) : null,
    isCapped: told.isMore || (isOfAll ? told : answer).rows.some(({ isOther }) => isOther),
  };
}

/** Whether an answer tells of every caller apart, and of any request at all. */
function isWhole({
  rows,
  isMore,
  toldSince,
}: Pick<UsageSummary<'caller'>, 'isMore' | 'toldSince'> & { readonly rows: readonly Row[] }): boolean {
  return rows.length > 0 && !isMore && toldSince === null && !rows.some(({ isOther }) => isOther);
}

async function countNamed(rows: readonly Row[], count: CallCount): Promise<number> {
  const calling = await groupedInTurns(rows, (row) => (count([row]) > 0 ? row.username : null));
  return calling.size;
}

async function callersOf(
  rows: readonly Row[],
  before: readonly Row[],
  pairs: readonly Pair[],
  { matcher, count }: { readonly matcher: EndpointMatcher; readonly count: CallCount },
): Promise<readonly CallerRow[]> {
  const nameOf = ({ username, isOther }: Row): string =>
    isOther ? 'other' : username === null ? 'nobody' : `named ${username}`;
  const earlier = await groupedInTurns(before, nameOf);
  const called = await groupedInTurns(pairs, nameOf);
  const rowOf = ([name, own]: readonly [string, readonly Row[]]): CallerRow => {
    const endpoints = new Set((called.get(name) ?? []).map((row) => matcher.nameOf(row)));
    endpoints.delete(null);
    const callsBefore = before.length === 0 ? null : count(earlier.get(name) ?? []);
    const { username = null, isOther = false } = own[0] ?? {};
    return { username, isOther, ...figuresOf(own, callsBefore, count), endpoints: endpoints.size };
  };
  const callers = await mappedInTurns(await groupedInTurns(rows, nameOf), rowOf);
  const calling = callers.filter(({ calls }) => calls > 0);
  return sortedInTurns(calling, (one, other) => other.calls - one.calls);
}
