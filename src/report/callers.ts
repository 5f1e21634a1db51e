import type { EndpointIdentity } from '../endpoint/register.js';
import { TrackUsageError } from '../errors.js';
import type { SummaryOf, UsageSummary } from '../storage/usage-summary.js';
import { callsOf, figuresOf } from './call-figures.js';
import { EndpointMatcher, endpointName } from './endpoint-matcher.js';
import { CallersOptions, readReportOptions } from './report-options.js';
import { type ReportScope, type ReportSource, basisOf, openReport, rowsOfService } from './report-source.js';
import type { CallerRow, CallersReport } from './report.js';

type Pair = SummaryOf<'endpointCaller'>;

/** Rows that tell of callers, of the span and of the one before. */
interface CallerRows {
  readonly rows: readonly (SummaryOf<'caller'> | Pair)[];
  readonly before: readonly (SummaryOf<'caller'> | Pair)[];
  readonly isCapped: boolean;
}

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
  const matcher = new EndpointMatcher(scope.register?.endpoints ?? []);
  const answer = await scope.ask({ by: 'endpointCaller' });
  const servers = rowsOfService(scope, (await scope.ask({ by: 'server' })).rows);
  const basis = basisOf(scope, servers, answer.toldSince);
  const endpoint = endpointOf(settings.endpoint, basis.services, matcher, subject);
  const isMeant = (row: Pair): boolean =>
    endpoint === null || (!row.isOther && sameEndpoint(matcher.match(row), endpoint));
  const pairs = rowsOfService(scope, answer.rows).filter(isMeant);
  const told =
    endpoint === null && scope.service === undefined
      ? await ofAll(scope)
      : await ofSome(scope, { ...answer, rows: [...pairs] }, isMeant, isCapped(answer));
  return { ...basis, endpoint, callers: callersOf(told, pairs, matcher), isCapped: told.isCapped };
}

/** Callers of everything, who have rows of their own. */
async function ofAll(scope: ReportScope): Promise<CallerRows> {
  const answer = await scope.ask({ by: 'caller' });
  const before = await scope.ask({ by: 'caller', ...datesBefore(scope) });
  return { rows: answer.rows, before: before.rows, isCapped: isCapped(answer) };
}

async function ofSome(
  scope: ReportScope,
  { rows }: UsageSummary<'endpointCaller'>,
  isMeant: (row: Pair) => boolean,
  isCut: boolean,
): Promise<CallerRows> {
  const before = await scope.ask({ by: 'endpointCaller', ...datesBefore(scope) });
  return { rows, before: rowsOfService(scope, before.rows).filter(isMeant), isCapped: isCut };
}

function datesBefore({ window }: ReportScope): { readonly startDate: Date; readonly endDate: Date } {
  return { startDate: new Date(window.before.startMs), endDate: new Date(window.before.endMs) };
}

function isCapped({
  rows,
  isMore,
}: {
  readonly rows: readonly { readonly isOther: boolean }[];
  readonly isMore: boolean;
}): boolean {
  return isMore || rows.some(({ isOther }) => isOther);
}

function callersOf(
  { rows, before }: CallerRows,
  pairs: readonly Pair[],
  matcher: EndpointMatcher,
): CallerRow[] {
  const nameOf = ({ username, isOther }: CallerRows['rows'][number]): string =>
    JSON.stringify([username, isOther]);
  const earlier = Map.groupBy(before, nameOf);
  const called = Map.groupBy(pairs, nameOf);
  const rowOf = (name: string, own: CallerRows['rows']): CallerRow => {
    const identities = (called.get(name) ?? []).map((row) => (row.isOther ? null : matcher.match(row)));
    const endpoints = new Set(identities.flatMap((one) => (one === null ? [] : [endpointName(one)])));
    const callsBefore = before.length === 0 ? null : callsOf(earlier.get(name) ?? []);
    return { username: own[0]?.username ?? null, ...figuresOf(own, callsBefore), endpoints: endpoints.size };
  };
  return [...Map.groupBy(rows, nameOf)]
    .map(([name, own]) => rowOf(name, own))
    .toSorted((one, other) => other.calls - one.calls);
}

function sameEndpoint(one: EndpointIdentity | null, other: EndpointIdentity): boolean {
  return one !== null && endpointName(one) === endpointName(other);
}

/** The endpoint that is asked about, of the only service that has it where none is named. */
function endpointOf(
  given: { readonly method: string; readonly route: string; readonly service?: unknown } | undefined,
  services: readonly string[],
  matcher: EndpointMatcher,
  subject: string,
): EndpointIdentity | null {
  if (given === undefined) return null;
  const { method, route, service } = given;
  if (typeof service === 'string') return matcher.match({ service, method, route });
  const having = services.filter((one) => matcher.find({ service: one, method, route }) !== null);
  const [found, another] = having.length > 0 ? having : services;
  if (another !== undefined)
    throw new TrackUsageError(
      'INVALID_QUERY',
      `${subject}: the endpoint ${method} ${route} may be of ${services.join(', ')}; give 'service'.`,
    );
  return matcher.match({ service: found ?? '', method, route });
}
