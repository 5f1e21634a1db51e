import type { SummaryRow, SummaryStore } from '../storage/summary-store.js';
import type { Span } from '../summary/periods.js';
import type { EndpointDeclaration, EndpointRegister, RegisteredEndpoint, WatchedDay } from './register.js';
import {
  type Counts,
  type EndpointSkips,
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
  span: Span,
  signal: AbortSignal,
): Promise<EndpointRegister> {
  const rows = await store.find({ kinds: ['build', 'watch'] }, signal);
  const builds = Map.groupBy(
    rows.filter(({ kind }) => kind === 'build'),
    ({ edition }) => edition,
  );
  const days = await daysOf(
    rows.filter(({ kind }) => kind === 'watch'),
    signal,
  );
  const watches = Map.groupBy(days.flatMap(datedWatches), ({ service }) => service);
  const services = [...watches].map(([service, told]) => new ServiceRegister(service, told, builds, span));
  return {
    endpoints: services.flatMap((service) => service.endpoints()),
    days: services.flatMap((service) => service.days()),
  };
}

function datedWatches(day: RegisterDay): DatedWatch[] {
  const { startMs, endMs } = day;
  return watchesOf(day).map((watch) => Object.assign({ day: { startMs, endMs } }, watch));
}

function skipsOf({ endpoints }: Watch): readonly EndpointSkips[] {
  return endpoints;
}

/** What is known of one service. */
class ServiceRegister {
  readonly #service: string;
  /** By their beginnings. */
  readonly #watches: readonly DatedWatch[];
  readonly #builds: readonly ToldBuild[];
  readonly #span: Span;
  readonly #newestMs: number;
  /** The moment before which answers tell nothing any more. */
  readonly #answersMs: number;
  readonly #skips: ReadonlyMap<string, Counts>;

  constructor(
    service: string,
    watches: readonly DatedWatch[],
    rows: ReadonlyMap<string, readonly SummaryRow[]>,
    span: Span,
  ) {
    this.#service = service;
    this.#span = span;
    this.#watches = watches.toSorted((one, other) => one.fromMs - other.fromMs);
    this.#newestMs = Math.max(...watches.map(({ untilMs }) => untilMs));
    const current = this.#current();
    const days = current.map(({ answersDays }) => answersDays ?? Infinity);
    this.#answersMs = this.#newestMs - Math.min(...days) * DAY_MS;
    this.#builds = this.#tellBuilds(rows, new Set(current.flatMap(({ builds }) => builds)));
    this.#skips = this.#addSkips();
  }

  /** All endpoints that a build has declared. */
  endpoints(): RegisteredEndpoint[] {
    const names = new Set(this.#builds.flatMap(({ endpoints }) => [...endpoints.keys()]));
    return [...names].toSorted().map((name) => this.#endpoint(name));
  }

  /** The days of the span. */
  days(): WatchedDay[] {
    const days = Map.groupBy(this.#watches.filter(isIn(this.#span)), ({ day }) => day.startMs);
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

  #tellBuilds(rows: ReadonlyMap<string, readonly SummaryRow[]>, current: ReadonlySet<string>): ToldBuild[] {
    const told = new Map<string, DatedWatch[]>();
    for (const watch of this.#watches)
      for (const name of watch.builds) {
        const watches = told.get(name) ?? [];
        watches.push(watch);
        told.set(name, watches);
      }
    return [...told].map(([name, watches]) => {
      const endpoints = (rows.get(name.split('.', 1)[0] ?? '') ?? []).flatMap(endpointsOf);
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
    for (const { method, route, skipped } of this.#watches.filter(isIn(this.#span)).flatMap(skipsOf)) {
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
    return {
      service: this.#service,
      ...declaration,
      firstDeclared: new Date(first.fromMs),
      lastDeclared: new Date(last.untilMs),
      trackedSince: declaration.tracked && latest.isCurrent ? this.#trackedSince(tracking) : null,
      firstVersion: first.version,
      lastVersion: last.version,
      isDeclared: latest.isCurrent,
      goneSince: latest.isCurrent ? null : new Date(endMs),
      watchedDays: this.#watchedDays(watching),
      lowestSampleRate: rates.includes(null) ? null : Math.min(1, ...(rates as number[])),
      skipped: this.#skips.get(name) ?? {},
    };
  }

  /** The first moment of the days without a break on which an instance tracked it. A day without any instance is none: nobody could call. */
  #trackedSince(tracking: readonly ToldBuild[]): Date | null {
    const since = new Map<number, number>();
    for (const { day, fromMs } of tracking.flatMap(({ watches }) => watches))
      since.set(day.startMs, Math.min(since.get(day.startMs) ?? Infinity, fromMs));
    const days = [...new Set(this.#watches.map(({ day }) => day.startMs))].toSorted((a, b) => b - a);
    const breakAt = days.findIndex((startMs) => !since.has(startMs));
    const first = days.at(breakAt < 0 ? -1 : breakAt - 1);
    return breakAt === 0 ? null : new Date(since.get(first as number) as number);
  }

  #watchedDays(watching: readonly ToldBuild[]): number {
    const days = watching
      .flatMap(({ watches }) => watches)
      .filter(isIn(this.#span))
      .filter(({ day }) => day.startMs >= this.#answersMs);
    return new Set(days.map(({ day }) => day.startMs)).size;
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
