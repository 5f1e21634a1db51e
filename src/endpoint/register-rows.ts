import { createHash } from 'node:crypto';
import type { SummaryRow } from '../storage/summary-store.js';
import { decode, encode } from '../summary/encoded.js';
import type { Span } from '../summary/periods.js';
import { mappedInTurns } from '../time/in-turns.js';
import type { EndpointDeprecation, EndpointDeclaration, EndpointIdentity } from './register.js';

/** Endpoints of one row of a build. */
const ROW_ENDPOINTS = 200;

/** Endpoints that a build may declare; an application with more has its routes from data. */
const MOST_ENDPOINTS = 10_000;

/** How long instances begin to name a build, in milliseconds. */
export const BUILD_MS = 30 * 86_400_000;

/** Counts by reason. */
export type Counts = Readonly<Record<string, number>>;

/** Requests to an endpoint that no record was made of. */
export interface EndpointSkips extends Omit<EndpointIdentity, 'service'> {
  readonly skipped: Counts;
}

/** How one instance watched a service on a day; or several instances of one build, added up. */
export interface Watch {
  readonly service: string;
  readonly version: string | null;
  /** The builds that were declared last; an instance may declare routes that it has met apart from those that it was built with. */
  readonly builds: readonly string[];
  /** The first and the last sign of life, in milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly instances: number;
  /** Of these, those that have told their last of the day. */
  readonly closed: number;
  readonly accepted: number;
  readonly dropped: Counts;
  readonly skipped: Counts;
  readonly endpoints: readonly EndpointSkips[];
  /** How many days back answers reach, as retention deletes older ones; null for ever. */
  readonly answersDays: number | null;
}

/** What one instance has told of a day, for the n-th time. */
export interface InstanceWatch {
  readonly instance: string;
  readonly n: number;
  readonly watch: Watch;
}

/** What several instances have told of a day, in the place of their own rows. Each of these rows has a generation, one more than the last. */
interface MergedWatch {
  readonly generation: number;
  /** Instances whose own rows may still be there, and no longer count. */
  readonly covered: readonly string[];
  readonly watches: readonly Watch[];
}

/** What there is of a service and a day. */
export interface RegisterDay extends Span {
  /** The key of the service. */
  readonly key: string;
  /** The newest merged row; null if there is none. */
  readonly merged: MergedWatch | null;
  /** What instances have told last that are not in it. */
  readonly single: readonly InstanceWatch[];
  /** Instances that have rows of their own. */
  readonly instances: ReadonlySet<string>;
  /** All rows of the day, each with its instance; null for merged ones. */
  readonly rows: readonly { readonly id: string; readonly instance: string | null }[];
}

/** The key of a service among rows. */
export function serviceKey(service: string): string {
  return hashOf(service);
}

/** The rows of a list of declarations, and the name of the build that they make up. Equal lists of a service and a period have one name. */
export interface Build {
  readonly name: string;
  readonly rows: readonly SummaryRow[];
}

/**
 * Makes the build of a service that declares these endpoints. It has another name in each period, so that no instance begins to name a
 * build of a period that is over, and one that nobody names then can be deleted.
 */
export function buildOf(service: string, declared: readonly EndpointDeclaration[], nowMs: number): Build {
  const endpoints = declared
    .toSorted((one, other) => compareTexts(one.route, other.route) || compareTexts(one.method, other.method))
    .slice(0, MOST_ENDPOINTS);
  const edition = hashOf(JSON.stringify([service, Math.floor(nowMs / BUILD_MS), endpoints]));
  const count = Math.max(1, Math.ceil(endpoints.length / ROW_ENDPOINTS));
  const name = `${edition}.${count}`;
  const rows = idsOfBuild(name).map((id, index): SummaryRow => {
    const data = encode(endpoints.slice(index * ROW_ENDPOINTS, (index + 1) * ROW_ENDPOINTS));
    const dimension = serviceKey(service);
    return { id, kind: 'build', dimension, startMs: nowMs, endMs: nowMs, edition, data };
  });
  return { name, rows };
}

/** The ids of a build's rows. */
export function idsOfBuild(name: string): string[] {
  const [edition = '', count = ''] = name.split('.');
  return Array.from({ length: Number(count) }, (_, index) => `build.${edition}.${index}`);
}

/** The endpoints of one row of a build. */
export function endpointsOf({ data }: SummaryRow): EndpointDeclaration[] {
  return (decode(data) as EndpointDeclaration[]).map((endpoint) =>
    Object.assign(endpoint, { deprecation: endpoint.deprecation && withDates(endpoint.deprecation) }),
  );
}

/** A deprecation with its dates, which decorators and JSON have as text. */
export function withDates<Text extends string | Date>({
  since,
  sunset,
  ...others
}: Omit<EndpointDeprecation, 'since' | 'sunset'> & {
  since: Text;
  sunset: Text | null;
}): EndpointDeprecation {
  return { ...others, since: new Date(since), sunset: sunset === null ? null : new Date(sunset) };
}

/** The row of what an instance tells of a day. */
export function instanceRow({ startMs, endMs }: Span, { instance, n, watch }: InstanceWatch): SummaryRow {
  return {
    id: `watch.${instance}.${startMs.toString(36)}.${n}`,
    kind: 'watch',
    dimension: serviceKey(watch.service),
    startMs,
    endMs,
    edition: instance,
    data: encode({ n, watch }),
  };
}

/** The row that takes the place of others of its day. */
export function mergedRow({ key, startMs, endMs }: RegisterDay, merged: MergedWatch): SummaryRow {
  return {
    id: `merged.${key}.${startMs.toString(36)}.${merged.generation}`,
    kind: 'watch',
    dimension: key,
    startMs,
    endMs,
    edition: '-',
    data: encode(merged),
  };
}

/** Puts rows together that are of one service and one day, and says which of them count. */
export function daysOf(rows: readonly SummaryRow[], signal: AbortSignal): Promise<RegisterDay[]> {
  const groups = Map.groupBy(rows, ({ dimension, startMs, endMs }) => `${dimension} ${startMs} ${endMs}`);
  return mappedInTurns(groups.values(), dayOf, signal);
}

function dayOf(rows: SummaryRow[]): RegisterDay {
  const { dimension: key, startMs, endMs } = rows[0] as SummaryRow;
  let merged: MergedWatch | null = null;
  const newest = new Map<string, InstanceWatch>();
  for (const { edition, data } of rows) {
    if (edition === '-') {
      const other = decode(data) as MergedWatch;
      if (merged === null || other.generation > merged.generation) merged = other;
    } else {
      const told = { instance: edition, ...(decode(data) as Omit<InstanceWatch, 'instance'>) };
      if (told.n > (newest.get(edition)?.n ?? 0)) newest.set(edition, told);
    }
  }
  const covered = new Set(merged?.covered);
  return {
    key,
    startMs,
    endMs,
    merged,
    single: [...newest.values()].filter(({ instance }) => !covered.has(instance)),
    instances: new Set(newest.keys()),
    rows: rows.map(({ id, edition }) => ({ id, instance: edition === '-' ? null : edition })),
  };
}

/** All that is told of a day. */
export function watchesOf({ merged, single }: RegisterDay): Watch[] {
  return [...(merged?.watches ?? []), ...single.map(({ watch }) => watch)];
}

/** Whether all instances of a watch have told their last. */
export function isClosed({ instances, closed }: Watch): boolean {
  return closed >= instances;
}

/** Adds up what instances of one build have told of a day: those apart that have told their last, as its moment is the end of a closed one. */
export function addWatches(watches: readonly Watch[]): Watch[] {
  const alike = Map.groupBy(watches, (watch) => {
    const { service, version, builds, answersDays } = watch;
    return JSON.stringify([service, version, builds, answersDays, isClosed(watch)]);
  });
  return [...alike.values()].map((some) => some.reduce(addTwo));
}

function addTwo(one: Watch, other: Watch): Watch {
  return {
    ...one,
    fromMs: Math.min(one.fromMs, other.fromMs),
    untilMs: Math.max(one.untilMs, other.untilMs),
    instances: one.instances + other.instances,
    closed: one.closed + other.closed,
    accepted: one.accepted + other.accepted,
    dropped: addCounts(one.dropped, other.dropped),
    skipped: addCounts(one.skipped, other.skipped),
    endpoints: addSkips([...one.endpoints, ...other.endpoints]),
  };
}

/** Adds up the requests to each endpoint. */
export function addSkips(skips: readonly EndpointSkips[]): EndpointSkips[] {
  const byEndpoint = new Map<string, EndpointSkips>();
  for (const { method, route, skipped } of skips) {
    const name = endpointName({ method, route });
    const sum = addCounts(byEndpoint.get(name)?.skipped ?? {}, skipped);
    byEndpoint.set(name, { method, route, skipped: sum });
  }
  return [...byEndpoint.values()];
}

/** The requests to each endpoint since there were fewer of them. */
export function subtractSkips(
  skips: readonly EndpointSkips[],
  before: readonly EndpointSkips[],
): EndpointSkips[] {
  const counted = new Map(before.map((each) => [endpointName(each), each.skipped]));
  return skips.flatMap(({ method, route, skipped }) => {
    const since = addCounts(skipped, counted.get(endpointName({ method, route })) ?? {}, -1);
    return Object.keys(since).length === 0 ? [] : { method, route, skipped: since };
  });
}

/** Adds counts up by reason, and leaves out reasons that nothing happened for. */
export function addCounts(one: Counts, other: Counts, sign: 1 | -1 = 1): Counts {
  const reasons = new Set([...Object.keys(one), ...Object.keys(other)]);
  const sums = [...reasons].map(
    (reason) => [reason, (one[reason] ?? 0) + sign * (other[reason] ?? 0)] as const,
  );
  return Object.fromEntries(sums.filter(([, count]) => count > 0));
}

/** The name of an endpoint within its service. */
export function endpointName({ method, route }: Omit<EndpointIdentity, 'service'>): string {
  return `${method} ${route}`;
}

/** 128 bits are enough that no two texts are ever taken for one. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Sorts texts by their characters, as every machine does. */
export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
