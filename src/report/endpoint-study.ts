import type { EndpointIdentity, RegisteredEndpoint } from '../endpoint/register.js';
import type { Span } from '../summary/periods.js';
import { mappedInTurns } from '../time/in-turns.js';
import { isKnownBefore } from './known-before.js';
import { callsOf, figuresOf, lastOf } from './call-figures.js';
import {
  type EndpointCallTimes,
  type EndpointCallers,
  askCalled,
  askCallers,
  askEarlier,
  askSinceGone,
} from './endpoint-calls.js';
import { EndpointMatcher, endpointName } from './endpoint-matcher.js';
import { findRenames, newNameOf } from './renames.js';
import type { VerdictSettings } from './report-options.js';
import { type ReportScope, basisOf, countAll } from './report-source.js';
import type { CallFigures, CallerCalls, ReportBasis } from './report.js';
import { type Judgement, judge } from './verdict.js';

/** A deploy may take days from the first instance of a new build to the last one of the old build. */
const DEPLOY_MS = 7 * 86_400_000;

/** All that is known of an endpoint. */
export interface StudiedEndpoint extends Judgement, CallFigures {
  readonly identity: EndpointIdentity;
  readonly registered: RegisteredEndpoint | null;
  readonly controller: string | null;
  readonly action: string | null;
  /** Those who called in the span, those first that did most; null where that is not told. */
  readonly callers: readonly CallerCalls[] | null;
  /** Requests since no instance declares it any more. */
  readonly callsSinceGone: number;
  readonly renamedTo: string | null;
  readonly renamedFrom: string | null;
}

/** All endpoints that are declared or were called, and what that rests on. */
export interface EndpointStudy {
  readonly basis: ReportBasis;
  readonly endpoints: readonly StudiedEndpoint[];
  readonly matcher: EndpointMatcher;
}

/** What was found out of all endpoints. */
interface Findings {
  readonly rules: VerdictSettings;
  readonly times: EndpointCallTimes;
  readonly callers: EndpointCallers;
  /** The last call before both spans, of those that have none since. */
  readonly earlier: ReadonlyMap<string, Date>;
  readonly sinceGone: EndpointCallTimes['called'];
  readonly renames: ReturnType<typeof renamesAmong>;
  /** The records of each service that were made, and those that were lost. */
  readonly records: ReadonlyMap<string, { readonly accepted: number; readonly lost: number }>;
  readonly isLastDayOpen: (service: string) => boolean;
  readonly isFirstDayKnown: boolean;
}

/** Finds out all that is known of the endpoints of a report. */
export async function studyEndpoints(scope: ReportScope, rules: VerdictSettings): Promise<EndpointStudy> {
  const registered = scope.register?.endpoints ?? [];
  const matcher = new EndpointMatcher(registered);
  const times = await askCalled(scope, matcher);
  const callers = await askCallers(scope, matcher);
  const identities = new Map([...registered, ...times.identities].map((one) => [endpointName(one), one]));
  const isOlder = (one: RegisteredEndpoint): boolean =>
    one.firstDeclared.getTime() < scope.window.before.startMs;
  const isUncalled = (name: string): boolean => !times.called.has(name) && !times.before.has(name);
  const findings: Findings = {
    rules,
    times,
    callers,
    earlier: registered.some((one) => isOlder(one) && isUncalled(endpointName(one)))
      ? await askEarlier(scope, matcher)
      : new Map(),
    sinceGone: await askSinceGone(scope, matcher, times),
    renames: renamesAmong(registered),
    records: recordsOf(scope),
    isLastDayOpen: openLastDay(scope),
    isFirstDayKnown: scope.window.startMs >= (scope.register?.knownSince?.getTime() ?? -Infinity),
  };
  return {
    basis: basisOf(scope, times.rows, callers.since),
    matcher,
    endpoints: await mappedInTurns(identities.values(), (one) =>
      study(one, matcher.find(one), findings, scope),
    ),
  };
}

function study(
  { service, method, route }: EndpointIdentity,
  registered: RegisteredEndpoint | null,
  findings: Findings,
  scope: ReportScope,
): StudiedEndpoint {
  const { times, callers, sinceGone, renames, records, rules } = findings;
  const identity = { service, method, route };
  const name = endpointName(identity);
  const [rows, gone] = [times.called.get(name) ?? [], sinceGone.get(name) ?? []];
  const figures = figuresAmong(findings, identity, registered, scope);
  const known = callers.of(identity, lastOf(rows));
  const evidence = {
    registered,
    called: {
      ...figures,
      calls: callsOf(rows),
      callers: namedOf(known)?.length ?? null,
      sinceGone: callsOf(gone),
    },
    records: records.get(service) ?? { accepted: 0, lost: 0 },
    window: scope.window,
    people: scope.people,
    isLastDayOpen: findings.isLastDayOpen(service),
    isFirstDayKnown: findings.isFirstDayKnown,
  };
  const { controller = null, action = null } = registered ?? rows[0] ?? times.before.get(name)?.[0] ?? {};
  return {
    identity,
    registered,
    controller,
    action,
    ...figures,
    callers: known,
    callsSinceGone: scope.count(gone),
    renamedTo: renames.to.get(name) ?? null,
    renamedFrom: renames.from.get(name) ?? null,
    ...judge(evidence, rules),
  };
}

/** The figures of one endpoint; `before` where something is known of its service then. */
function figuresAmong(
  { times, earlier }: Findings,
  identity: EndpointIdentity,
  registered: RegisteredEndpoint | null,
  scope: ReportScope,
): CallFigures {
  const name = endpointName(identity);
  const [rows, rowsBefore] = [times.called.get(name) ?? [], times.before.get(name) ?? []];
  const isKnown = rowsBefore.length > 0 || isKnownBefore(identity, registered, times.servicesBefore, scope);
  return {
    ...figuresOf(rows, isKnown ? scope.count(rowsBefore) : null, scope.count),
    lastCall: lastOf(rows) ?? lastOf(rowsBefore) ?? earlier.get(name) ?? null,
  };
}

/** The callers that have a name. */
export function namedOf(callers: readonly CallerCalls[] | null): readonly CallerCalls[] | null {
  return callers?.filter(({ username }) => username !== null) ?? null;
}

/** Pairs what is gone with what came in its place, by the names of endpoints. */
function renamesAmong(registered: readonly RegisteredEndpoint[]): {
  readonly to: ReadonlyMap<string, string>;
  readonly from: ReadonlyMap<string, string>;
} {
  const gone = registered.filter(({ isDeclared }) => !isDeclared);
  const pairs = findRenames(gone, registered, (from, to) => {
    const distanceMs = to.firstDeclared.getTime() - from.lastDeclared.getTime();
    return to.firstDeclared > from.firstDeclared && Math.abs(distanceMs) <= DEPLOY_MS;
  });
  return {
    to: new Map(pairs.map(({ from, to }) => [endpointName(from), newNameOf(from, to)])),
    from: new Map(pairs.map(({ from, to }) => [endpointName(to), newNameOf(to, from)])),
  };
}

function recordsOf({ register }: ReportScope): Findings['records'] {
  const days = Map.groupBy(register?.days ?? [], ({ service }) => service);
  return new Map(
    [...days].map(([service, own]) => [
      service,
      {
        accepted: own.reduce((total, { accepted }) => total + accepted, 0),
        lost: countAll(own.map(({ dropped }) => dropped)),
      },
    ]),
  );
}

/** Says of a service whether the last day is not over, and no instance has told of it yet: they do so every hour. */
function openLastDay({ register, window }: ReportScope): Findings['isLastDayOpen'] {
  const { startMs, endMs } = window.days.at(-1) as Span;
  const today = (register?.days ?? []).filter(({ start }) => start.getTime() === startMs);
  const told = new Set(today.filter(({ instances }) => instances > 0).map(({ service }) => service));
  return (service) => window.untilMs !== endMs && !told.has(service);
}
