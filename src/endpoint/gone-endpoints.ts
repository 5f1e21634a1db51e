import type { SummaryStore } from '../storage/summary-store.js';
import type { EndpointDeclaration, EndpointIdentity } from './register.js';
import { daysOf, endpointName, endpointsOf, idsOfBuild, serviceKey, watchesOf } from './register-rows.js';

/** For so long after an endpoint was declared last, requests for it are told apart, in milliseconds. */
const REMEMBERED_MS = 180 * 86_400_000;

/** Endpoints that are remembered; those that were declared last are. */
const MOST_GONE = 2000;

/** An endpoint that is gone. */
export type GoneEndpoint = Omit<EndpointIdentity, 'service'>;

/** Finds what earlier builds of a service declared as tracked, and this one does not. */
export class GoneEndpoints {
  readonly #store: SummaryStore;
  readonly #service: string;
  /** The builds that this one was compared with, each with what is gone. */
  #known = new Map<string, readonly GoneEndpoint[]>();
  /** The names of this process's own builds. */
  #own = '';

  constructor(store: SummaryStore, service: string) {
    this.#store = store;
    this.#service = service;
  }

  /**
   * Finds them, those first that were declared last.
   *
   * @param own - the names of the builds that the process declares
   * @param declared - what is in them
   * @throws any error of the storage
   */
  async find(
    own: readonly string[],
    declared: readonly EndpointDeclaration[],
    nowMs: number,
    signal: AbortSignal,
  ): Promise<readonly GoneEndpoint[]> {
    if (this.#own !== own.join(' ')) this.#known.clear();
    this.#own = own.join(' ');
    const builds = (await this.#buildsSince(nowMs - REMEMBERED_MS, signal)).filter(
      (name) => !own.includes(name),
    );
    const names = new Set(declared.map(endpointName));
    for (const build of builds.filter((name) => !this.#known.has(name))) {
      const rows = await this.#store.find({ ids: idsOfBuild(build) }, signal);
      const gone = rows.flatMap(endpointsOf).filter((one) => one.tracked && !names.has(endpointName(one)));
      this.#known.set(
        build,
        gone.map(({ method, route }) => ({ method, route })),
      );
    }
    const found = builds.flatMap((build) => this.#known.get(build) ?? []);
    return [...new Map(found.map((one) => [endpointName(one), one])).values()].slice(0, MOST_GONE);
  }

  /** The names of builds that were declared since a moment, the latest first. */
  async #buildsSince(sinceMs: number, signal: AbortSignal): Promise<string[]> {
    const query = { kinds: ['watch'], dimension: serviceKey(this.#service), fromMs: sinceMs } as const;
    const days = await daysOf(await this.#store.find(query, signal), signal);
    const watches = days.flatMap(watchesOf).toSorted((one, other) => other.untilMs - one.untilMs);
    return [...new Set(watches.flatMap(({ builds }) => builds))];
  }
}
