import type { EndpointIdentity } from '../endpoint/register.js';
import type { SummaryOf, SummaryQuery } from '../storage/usage-summary.js';
import { type CallCount, lastOf } from './call-figures.js';
import { type EndpointMatcher, endpointName } from './endpoint-matcher.js';
import { groupedInTurns } from '../time/in-turns.js';
import { type ReportScope, rowsOfService } from './report-source.js';
import type { CallerCalls } from './report.js';

/** Rows by the names of their endpoints. */
type ByEndpoint<Row> = ReadonlyMap<string, readonly Row[]>;

/** What was called, in a span and before it. */
export interface EndpointCallTimes {
  /** All rows of the span, also those of no endpoint. */
  readonly rows: readonly SummaryOf<'endpoint'>[];
  readonly called: ByEndpoint<SummaryOf<'endpoint'>>;
  /** The services that were called in the span before. */
  readonly servicesBefore: ReadonlySet<string>;
  readonly before: ByEndpoint<SummaryOf<'endpoint'>>;
  /** The endpoints that were called in one of both spans. */
  readonly identities: readonly EndpointIdentity[];
}

/** Asks what was called in the span of a report, and in the one before. */
export async function askCalled(scope: ReportScope, matcher: EndpointMatcher): Promise<EndpointCallTimes> {
  const rows = await askRows(scope, {});
  const rowsBefore = await askRows(scope, scope.before);
  const called = await byEndpoint(rows, matcher);
  const before = await byEndpoint(rowsBefore, matcher);
  return {
    rows,
    called,
    servicesBefore: new Set(rowsBefore.map(({ service }) => service)),
    before,
    identities: [...called.values(), ...before.values()].flatMap(([row]) =>
      row === undefined ? [] : (matcher.match(row) ?? []),
    ),
  };
}

/** Asks for the last call of every endpoint before both spans. */
export async function askEarlier(
  scope: ReportScope,
  matcher: EndpointMatcher,
): Promise<ReadonlyMap<string, Date>> {
  const dates = { startDate: undefined, endDate: scope.before.startDate };
  const rows = await byEndpoint(await askRows(scope, dates), matcher);
  return new Map([...rows].map(([name, called]) => [name, lastOf(called) as Date]));
}

/** Who called. */
export interface EndpointCallers {
  /** The moment before which callers are not told; null if all are. */
  readonly since: Date | null;
  /**
   * The callers of an endpoint, those first that called most; null where nothing is told of them, or there are more than one answer holds.
   *
   * @param last - the endpoint's last call
   */
  of(endpoint: EndpointIdentity, last: Date | null): readonly CallerCalls[] | null;
}

/** Asks who called each endpoint, in the span of a report or from a moment on. */
export async function askCallers(
  scope: ReportScope,
  matcher: EndpointMatcher,
  from?: Date,
): Promise<EndpointCallers> {
  const answer = await scope.ask({
    by: 'endpointCaller',
    ...(from !== undefined && { startDate: from }),
  });
  const { toldSince: since, isMore } = answer;
  const named = await byEndpoint(rowsOfService(scope, answer.rows), matcher);
  return {
    since,
    of: (endpoint, last) => {
      // Rows that are left out may be those of this endpoint.
      const isTold = !isMore && (since === null || last === null || last >= since);
      return isTold ? callersOf(named.get(endpointName(endpoint)) ?? [], scope.count) : null;
    },
  };
}

/** Callers of some rows, those first that called most. */
function callersOf(rows: readonly SummaryOf<'endpointCaller'>[], count: CallCount): CallerCalls[] {
  return [...Map.groupBy(rows, ({ username }) => username)]
    .map(([username, own]) => ({ username, calls: count(own), lastCall: lastOf(own) as Date }))
    .filter(({ calls }) => calls > 0)
    .toSorted((one, other) => other.calls - one.calls);
}

/** The moment since which requests for an endpoint that is gone are counted, in milliseconds since 1970: of a sealed day, the end. */
export function countedSinceMs({ window, sealedUntil }: ReportScope, goneSince: Date): number {
  const ms = goneSince.getTime();
  return sealedUntil !== null && ms < sealedUntil.getTime() ? window.periods.dayOf(ms - 1).endMs : ms;
}

/** Finds the requests for each endpoint since it is gone. */
export async function askSinceGone(
  scope: ReportScope,
  matcher: EndpointMatcher,
  { called }: EndpointCallTimes,
): Promise<ByEndpoint<SummaryOf<'endpoint'>>> {
  const found = new Map<string, readonly SummaryOf<'endpoint'>[]>();
  const later: { readonly name: string; readonly sinceMs: number }[] = [];
  for (const one of scope.register?.endpoints ?? []) {
    if (one.goneSince === null) continue;
    const name = endpointName(one);
    const sinceMs = countedSinceMs(scope, one.goneSince);
    const last = lastOf(called.get(name) ?? []);
    if (last === null || last.getTime() < sinceMs) continue;
    if (sinceMs <= scope.window.startMs) found.set(name, called.get(name) ?? []);
    else later.push({ name, sinceMs });
  }
  for (const [sinceMs, ended] of Map.groupBy(later, (one) => one.sinceMs)) {
    const rows = await byEndpoint(await askRows(scope, { startDate: new Date(sinceMs) }), matcher);
    for (const { name } of ended) found.set(name, rows.get(name) ?? []);
  }
  return found;
}

async function askRows(
  scope: ReportScope,
  dates: Pick<SummaryQuery<'endpoint'>, 'startDate' | 'endDate'>,
): Promise<readonly SummaryOf<'endpoint'>[]> {
  const { rows } = await scope.ask({ by: 'endpoint', ...dates });
  return rowsOfService(scope, rows);
}

function byEndpoint<Row extends SummaryOf<'endpoint'> | SummaryOf<'endpointCaller'>>(
  rows: readonly Row[],
  matcher: EndpointMatcher,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  return groupedInTurns(rows, (row) => matcher.nameOf(row));
}
