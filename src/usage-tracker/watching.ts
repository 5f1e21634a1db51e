import type { DeclaredRoutes } from '../capture/attribution/declared-routes.js';
import { declarationsOf } from '../endpoint/declarations.js';
import type { GoneEndpoint } from '../endpoint/gone-endpoints.js';
import { RegisterKeeper } from '../endpoint/register-keeper.js';
import type { InstanceFigures } from '../endpoint/register-writer.js';
import type { TrackerSettings } from '../options/tracker-options.js';
import type { ShortLivedAction } from '../storage/usage-action.js';
import { type UsageStorage, canDelete, canDeleteUsage, destinationOf } from '../storage/usage-storage.js';

const DAY_MS = 86_400_000;

/** How long the register is kept without the option `retention`, in milliseconds: 25 months. */
const KEPT_MS = 25 * 31 * DAY_MS;

/** What a tracker knows, and what it wants to know. */
interface WatchingTracker {
  /** The routes that it watches, as far as they are known by now. */
  declaredRoutes(): DeclaredRoutes;
  /** What has been counted for a storage since the start. */
  figuresOf(storage: UsageStorage): InstanceFigures;
  /** The actions whose records are deleted before others. */
  shortLived(): readonly ShortLivedAction[];
  /** Learns which endpoints are gone. */
  gone(endpoints: readonly GoneEndpoint[]): void;
  /** Learns of a failure. */
  fault(what: string, error: unknown): void;
}

/** Enters into the register of each storage which endpoints there are, and how they are watched. */
export class Watching {
  readonly #settings: TrackerSettings;
  readonly #tracker: WatchingTracker;
  readonly #keepers = new Map<UsageStorage, RegisterKeeper>();
  readonly #gone = new Map<UsageStorage, readonly GoneEndpoint[]>();

  constructor(settings: TrackerSettings, tracker: WatchingTracker) {
    this.#settings = settings;
    this.#tracker = tracker;
  }

  /** Begins to enter, where storages have a register. */
  open(storages: readonly UsageStorage[]): void {
    if (!this.#settings.endpoints) return;
    for (const storage of storages) {
      const keeper = this.#keeperOf(storage);
      if (keeper !== null) this.#keepers.set(storage, keeper);
      keeper?.start();
    }
  }

  /** Has the registers be read now. */
  hurry(): void {
    for (const keeper of this.#keepers.values()) keeper.hurry();
  }

  /** Whether the last entry into any register failed. */
  get isFailing(): boolean {
    return [...this.#keepers.values()].some((keeper) => keeper.isFailing);
  }

  /** Enters for the last time what a storage has taken. Never throws. */
  async close(storage: UsageStorage): Promise<void> {
    await this.#keepers.get(storage)?.close();
  }

  #keeperOf(storage: UsageStorage): RegisterKeeper | null {
    const kept = destinationOf(storage);
    const { name, register: store } = kept;
    if (store === undefined) return null;
    const { clock, serverName: service, version, summaries, retention } = this.#settings;
    const settings = {
      store,
      service,
      version,
      timeZone: summaries?.timeZone ?? 'UTC',
      answersDays: this.#answersDays(kept),
      keptMs: retention?.days ?? KEPT_MS,
      declared: () => {
        const { actions, plain } = this.#tracker.declaredRoutes();
        const shortLived = this.#isSummed(kept) || !canDeleteUsage(storage) ? [] : this.#tracker.shortLived();
        return [actions, plain].map((routes) => declarationsOf(this.#settings, routes, shortLived));
      },
      figures: () => this.#tracker.figuresOf(storage),
      // A clock may tell fractions of a millisecond, and rows hold integers.
      now: () => Math.floor(clock.now()),
    };
    return new RegisterKeeper(settings, clock, {
      declaredCount: () => Object.values(this.#tracker.declaredRoutes()).flat().length,
      gone: (endpoints) => {
        this.#gone.set(storage, endpoints);
        this.#tracker.gone([...this.#gone.values()].flat());
      },
      failed: (error) => this.#tracker.fault(`the register of endpoints in the storage '${name}'`, error),
    });
  }

  /** How many days back answers reach in a storage: as far as its summaries, else as its records. */
  #answersDays(storage: UsageStorage): number | null {
    const { retention } = this.#settings;
    if (retention === null || !canDelete(storage)) return null;
    return (this.#isSummed(storage) ? retention.days : retention.records) / DAY_MS;
  }

  /** Whether summaries tell of what was called when its records are deleted. */
  #isSummed({ summaries }: UsageStorage): boolean {
    const { dimensions = [] } = this.#settings.summaries ?? {};
    return summaries != null && dimensions.some(({ name }) => name === 'endpoint');
  }
}
