import type { SummaryStore } from '../storage/summary-store.js';
import type { Span } from '../summary/periods.js';
import { mappedInTurns } from '../time/in-turns.js';
import type { EndpointDeclaration, EndpointRegister, RegisteredEndpoint, WatchedDay } from './register.js';
import {
  compareTexts,
  type Counts,
  type RegisterDay,
  type Watch,
  addCounts,
  daysOf,
  endpointName,
  endpointsOf,
  isClosed,
  watchesOf,
} from './register-rows.js';

const DAY_MS = 86_400_000;

/** An instance without a sign of life for so long before the newest one of its service seems to have ended, in milliseconds. */
const ALIVE_MS = 2 * 3_600_000;

/** A watch with its day. */
interface DatedWatch extends Watch {
  readonly day: Span;
}

/** A span of which watching is told, and the days that are listed. */
export interface WatchedSpan extends Span {
  /** The moment from which days are listed, in milliseconds since 1970. @default the beginning of the span */
  readonly daysFromMs?: number;
}

/** What rows of builds declare, by their edition. */
type DeclaredRows = ReadonlyMap<string, readonly { readonly endpoints: readonly EndpointDeclaration[] }[]>;

/** What is told of a build. */
interface ToldBuild {
  readonly endpoints: ReadonlyMap<string, EndpointDeclaration>;
  readonly watches: readonly DatedWatch[];
  readonly first: DatedWatch;
  readonly last: DatedWatch;
  readonly isCurrent: boolean;
}

/**
 * Reads what is known of the endpoints of all services, and how they were watched in a span of time.
 *
 * @throws any error of the storage
 */
export async function readRegister(
  store: SummaryStore,
  span: WatchedSpan,
  signal: AbortSignal,
): Promise<EndpointRegister> {
  const rows = await store.find({ kinds: ['build', 'watch'] }, signal);
  const declared = await mappedInTurns(
    rows.filter(({ kind }) => kind === 'build'),
    (row) => ({ edition: row.edition, endpoints: endpointsOf(row) }),
    signal,
  );
  const builds = Map.groupBy(declared, ({ edition }) => edition);
  const days = await daysOf(
    rows.filter(({ kind }) => kind === 'watch'),
    signal,
  );
  const watches = days.flatMap(datedWatches);
  const knownMs = knownSince(watches);
  const services = [...Map.groupBy(watches, ({ service }) => service)].map(
    ([service, told]) => new ServiceRegister(service, told, builds, span, knownMs),
  );
  const endpoints: RegisteredEndpoint[] = [];
  for (const service of services) for (const one of await service.endpoints(signal)) endpoints.push(one);
  return {
    endpoints,
    days: services.flatMap((service) => service.days()),
    knownSince: Number.isFinite(knownMs) ? new Date(knownMs) : null,
  };
}

function datedWatches(day: RegisterDay): DatedWatch[] {
  const { startMs, endMs } = day;
  return watchesOf(day).map((watch) => Object.assign({ day: { startMs, endMs } }, watch));
}

/**
 * The moment before which retention may have deleted answers and rows of the register, in milliseconds since 1970. An instance deletes
 * what is too old for itself, of whichever service it is, and a longer retention later does not bring that back.
 */
function knownSince(watches: readonly Watch[]): number {
  return watches.reduce(
    (sinceMs, { untilMs, answersDays }) => Math.max(sinceMs, untilMs - (answersDays ?? Infinity) * DAY_MS),
    -Infinity,
  );
}

/** What is known of one service. */
class ServiceRegister {
  readonly #service: string;
  /** By their beginnings, those of one moment by their builds: a storage finds rows in any order. */
  readonly #watches: readonly DatedWatch[];
  /** The beginnings of days with an instance, the latest first. */
  readonly #starts: readonly number[];
  readonly #builds: readonly ToldBuild[];
  readonly #span: WatchedSpan;
  readonly #newestMs: number;
  /** The moment before which nothing is known for certain. */
  readonly #knownMs: number;
  readonly #skips: ReadonlyMap<string, Counts>;

  constructor(
    service: string,
    watches: readonly DatedWatch[],
    rows: DeclaredRows,
    span: WatchedSpan,
    knownMs: number,
  ) {
    this.#service = service;
    this.#span = span;
    this.#knownMs = knownMs;
    this.#watches = watches.toSorted(
      (one, other) => one.fromMs - other.fromMs || compareTexts(one.builds.join(), other.builds.join()),
    );
    this.#starts = [...new Set(watches.map(({ day }) => day.startMs))].toSorted((a, b) => b - a);
    this.#newestMs = Math.max(...watches.map(({ untilMs }) => untilMs));
    this.#builds = this.#tellBuilds(rows, new Set(this.#current().flatMap(({ builds }) => builds)));
    this.#skips = this.#addSkips();
  }

  /** All endpoints that a build has declared. */
  endpoints(signal: AbortSignal): Promise<RegisteredEndpoint[]> {
    const names = new Set(this.#builds.flatMap(({ endpoints }) => [...endpoints.keys()]));
    return mappedInTurns([...names].toSorted(), (name) => this.#endpoint(name), signal);
  }

  /** The days that are listed. */
  days(): WatchedDay[] {
    const { startMs, endMs, daysFromMs = startMs } = this.#span;
    const listed = this.#watches.filter(isIn({ startMs: daysFromMs, endMs }));
    const days = Map.groupBy(listed, ({ day }) => day.startMs);
    return [...days.values()].map((watches) => this.#dayOf(watches));
  }

  /** Those that seem to run; where all have ended, those of the version and the build that were there last. */
  #current(): DatedWatch[] {
    const alive = this.#watches.filter(({ untilMs }) => untilMs >= this.#newestMs - ALIVE_MS);
    const running = alive.filter((watch) => !isClosed(watch));
    if (running.length > 0) return running;
    const last = alive.reduce((one, other) => (other.untilMs >= one.untilMs ? other : one));
    // Routes that an instance has met make up a second build, which instances of one version may have or not.
    return alive.filter(({ version, builds }) => version === last.version && builds[0] === last.builds[0]);
  }

  #tellBuilds(rows: DeclaredRows, current: ReadonlySet<string>): ToldBuild[] {
    const told = new Map<string, DatedWatch[]>();
    for (const watch of this.#watches)
      for (const name of watch.builds) {
        const watches = told.get(name) ?? [];
        watches.push(watch);
        told.set(name, watches);
      }
    return [...told].map(([name, watches]) => {
      const endpoints = (rows.get(name.split('.', 1)[0] ?? '') ?? []).flatMap((row) => row.endpoints);
      return {
        endpoints: new Map(endpoints.map((endpoint) => [endpointName(endpoint), endpoint])),
        watches,
        first: watches[0] as DatedWatch,
        last: watches.reduce((last, watch) => (watch.untilMs > last.untilMs ? watch : last)),
        isCurrent: current.has(name),
      };
    });
  }

  #addSkips(): Map<string, Counts> {
    const declared = new Set(this.#builds.flatMap(({ endpoints }) => [...endpoints.keys()]));
    const skips = new Map<string, Counts>();
    const counted = this.#watches.filter(isIn(this.#span)).flatMap(({ endpoints }) => endpoints);
    for (const { method, route, skipped } of counted) {
      // A route for GET answers HEAD as well.
      const methods = method === 'HEAD' ? ['HEAD', 'GET', 'ALL'] : [method, 'ALL'];
      const name = methods
        .map((each) => endpointName({ method: each, route }))
        .find((each) => declared.has(each));
      if (name !== undefined) skips.set(name, addCounts(skips.get(name) ?? {}, skipped));
    }
    return skips;
  }

  #endpoint(name: string): RegisteredEndpoint {
    const builds = this.#builds.filter(({ endpoints }) => endpoints.has(name));
    const first = builds.reduce((one, other) => (other.first.fromMs < one.first.fromMs ? other : one)).first;
    const last = builds.reduce((one, other) => (other.last.untilMs > one.last.untilMs ? other : one)).last;
    const latest = builds.reduce((one, other) => (isLater(other, one) ? other : one));
    const declaration = latest.endpoints.get(name) as EndpointDeclaration;
    const tracking = builds.filter(({ endpoints }) => endpoints.get(name)?.tracked === true);
    const watching = tracking.filter(({ watches }) => watches.some(isIn(this.#span)));
    const rates = watching.map(({ endpoints }) => endpoints.get(name)?.sampleRate ?? null);
    const endMs = Math.max(...builds.flatMap(({ watches }) => watches.map(endOf)));
    const trackedSince = declaration.tracked && latest.isCurrent ? this.#trackedSince(tracking) : null;
    return {
      service: this.#service,
      ...declaration,
      firstDeclared: new Date(first.fromMs),
      lastDeclared: new Date(last.untilMs),
      trackedSince,
      firstVersion: first.version,
      lastVersion: last.version,
      isDeclared: latest.isCurrent,
      goneSince: latest.isCurrent ? null : new Date(endMs),
      watchedDays: this.#watchedDays(watching, name, trackedSince),
      lowestSampleRate: rates.includes(null) ? null : Math.min(1, ...(rates as number[])),
      skipped: this.#skips.get(name) ?? {},
    };
  }

  /** The first moment of the days without a break on which an instance tracked it. A day without any instance is none: nobody could call. */
  #trackedSince(tracking: readonly ToldBuild[]): Date | null {
    const since = new Map<number, number>();
    for (const { day, fromMs } of tracking.flatMap(({ watches }) => watches))
      since.set(day.startMs, Math.min(since.get(day.startMs) ?? Infinity, fromMs));
    const breakAt = this.#starts.findIndex((startMs) => !since.has(startMs));
    const first = this.#starts.at(breakAt < 0 ? -1 : breakAt - 1);
    return breakAt === 0 ? null : new Date(since.get(first as number) as number);
  }

  #watchedDays(watching: readonly ToldBuild[], name: string, since: Date | null): number {
    const knownMs = watching
      .map(({ endpoints, last }) => last.untilMs - (endpoints.get(name)?.recordsDays ?? Infinity) * DAY_MS)
      .reduce((one, other) => Math.max(one, other), this.#knownMs);
    const isCounted = isIn(this.#span);
    const days = new Set<number>();
    for (const watch of watching.flatMap(({ watches }) => watches))
      if (watch.day.startMs >= knownMs && watch.day.endMs > Number(since) && isCounted(watch))
        days.add(watch.day.startMs);
    return days.size;
  }

  #dayOf(watches: readonly DatedWatch[]): WatchedDay {
    const isOver = ({ untilMs }: Watch): boolean => untilMs < this.#newestMs - ALIVE_MS;
    const sum = (of: (watch: Watch) => number): number =>
      watches.reduce((total, each) => total + of(each), 0);
    return {
      service: this.#service,
      start: new Date((watches[0] as DatedWatch).day.startMs),
      instances: sum(({ instances }) => instances),
      unclosed: sum((watch) => (isOver(watch) ? watch.instances - watch.closed : 0)),
      asOf: new Date(Math.max(...watches.map(({ untilMs }) => untilMs))),
      accepted: sum(({ accepted }) => accepted),
      dropped: watches.map(({ dropped }) => dropped).reduce((one, other) => addCounts(one, other)),
      skipped: watches.map(({ skipped }) => skipped).reduce((one, other) => addCounts(one, other)),
    };
  }
}

/** The moment from which nothing is answered any more by the instances of a watch, in milliseconds since 1970: they tell of themselves every hour or so. */
function endOf(watch: Watch): number {
  return isClosed(watch) ? watch.untilMs : watch.untilMs + ALIVE_MS;
}

/** Whether the day of a watch touches a span. */
function isIn({ startMs, endMs }: Span): (watch: DatedWatch) => boolean {
  return ({ day }) => day.startMs < endMs && day.endMs > startMs;
}

/** Whether a build is to be believed rather than another: of those that run, one that came later; else one that was there later. */
function isLater(one: ToldBuild, other: ToldBuild): boolean {
  if (one.isCurrent !== other.isCurrent) return one.isCurrent;
  return one.isCurrent ? one.first.fromMs > other.first.fromMs : one.last.untilMs > other.last.untilMs;
}
