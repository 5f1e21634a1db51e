import { type KnownAction, knownApplications } from '../capture/attribution/known-actions.js';
import type { Capture } from '../capture/capture.js';
import { type Inventory, takeInventory } from '../endpoint/inventory.js';
import { type ListedRoute, listedRoutes } from '../endpoint/route-list.js';
import type { TrackerSettings } from '../options/tracker-options.js';
import { CloseOptions } from '../options/closing-options.js';
import { readOptions } from '../option-reader.js';
import type { Health } from '../pipeline/telling/accounting.js';
import type { TrackerEventMap, TrackerEventName } from '../pipeline/telling/events.js';
import type { CloseResult, Pipeline } from '../pipeline/pipeline.js';
import type { RetentionStats } from '../pipeline/retention/retention.js';
import { inOwnContext } from '../time/own-context.js';
import { type UsageStorage, canDelete, canDeleteUsage, destinationOf } from '../storage/usage-storage.js';
import { type ErasureReport, type UsagePerson, checkPerson } from '../storage/usage-person.js';
import type { RebuildProgress } from '../summary/rebuild.js';
import type { UsageRecord } from '../record/usage-record.js';
import { within } from '../time/within.js';
import { endServers } from './end-servers.js';
import type { Folding } from './folding.js';
import type { RebuildOptions, UsageStats, UsageTracker } from './usage-tracker.js';
import type { Watching } from './watching.js';

const DAY_MS = 86_400_000;

async function* recordsOf(
  storages: readonly UsageStorage[],
  person: UsagePerson,
): AsyncIterableIterator<UsageRecord> {
  for (const { reader } of storages.map(destinationOf))
    if (reader !== undefined) yield* reader.streamUsage(person);
}

/** The actions of routing-controllers in this process. */
export function declaredActions(): KnownAction[] {
  return knownApplications().flatMap(({ actions }) => actions);
}

/** The parts of a tracker. */
interface TrackerParts {
  readonly capture: Capture;
  readonly pipeline: Pipeline;
  readonly folding: Folding;
  readonly watching: Watching;
}

/** The handle of capture and pipeline. Its figures count every request that has closed. */
export class Tracker implements UsageTracker {
  readonly #settings: TrackerSettings;
  readonly #capture: Capture;
  readonly #pipeline: Pipeline;
  readonly #folding: Folding;
  readonly #watching: Watching;
  readonly #attachments: (() => void)[];
  #closing: Promise<CloseResult> | null = null;

  constructor(
    settings: TrackerSettings,
    { capture, pipeline, folding, watching }: TrackerParts,
    attachments: (() => void)[],
  ) {
    this.#settings = settings;
    this.#capture = capture;
    this.#pipeline = pipeline;
    this.#folding = folding;
    this.#watching = watching;
    this.#attachments = attachments;
  }

  stats(): UsageStats {
    this.#capture.recordClosed();
    const { skipped, incomplete, geo } = this.#capture;
    const { retention } = this.#pipeline;
    const summaries = this.#folding.stats();
    return { ...this.#pipeline.stats(), skipped, incomplete, geo, retention, summaries };
  }

  health(): Health {
    this.#capture.recordClosed();
    const health = this.#pipeline.health();
    const isDegraded = this.#capture.missesActions || this.#folding.isFailing || this.#watching.isFailing;
    return health === 'ok' && isDegraded ? 'degraded' : health;
  }

  inventory(): Inventory {
    const { retention } = this.#settings;
    const days = retention === null ? null : retention.records / DAY_MS;
    const storages = this.#pipeline.storages.map((storage) => ({
      name: storage.name,
      retentionDays: canDelete(destinationOf(storage)) ? days : null,
    }));
    const isShortened = this.#pipeline.storages.every(canDeleteUsage);
    return takeInventory(this.#settings, declaredActions(), storages, isShortened);
  }

  routes(): readonly ListedRoute[] {
    return listedRoutes(Object.values(this.#capture.declaredRoutes()).flat());
  }

  flush(): Promise<void> {
    return inOwnContext(async () => {
      await this.#capture.complete();
      await this.#pipeline.flush();
    });
  }

  prune(): Promise<RetentionStats | null> {
    return inOwnContext(() => this.#pipeline.prune());
  }

  rebuildSummaries(options: RebuildOptions = {}): Promise<RebuildProgress> {
    return inOwnContext(() => {
      this.#pipeline.open();
      return this.#folding.rebuild(this.#pipeline.storages, options);
    });
  }

  exportUser(person: UsagePerson): AsyncIterableIterator<UsageRecord> {
    const whom = checkPerson('exportUser', person);
    this.#pipeline.open();
    return recordsOf(this.#pipeline.storages, whom);
  }

  async eraseUser(person: UsagePerson): Promise<ErasureReport[]> {
    const whom = checkPerson('eraseUser', person);
    await this.flush();
    return inOwnContext(async () => {
      this.#pipeline.open();
      const { signal } = new AbortController();
      const reports: ErasureReport[] = [];
      for (const storage of this.#pipeline.storages.map(destinationOf)) {
        const nothing = { storage: storage.name, records: null, summaries: 0, totalsUntil: null };
        reports.push((await storage.erase?.(whom, signal)) ?? nothing);
      }
      return reports;
    });
  }

  async close(options: CloseOptions = {}): Promise<CloseResult> {
    const { server, timeoutMs } = readOptions('tracker.close', CloseOptions, options);
    this.#closing ??= inOwnContext(() => this.#close(server, timeoutMs));
    return this.#closing;
  }

  on<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): this {
    this.#pipeline.events.on(name, listener);
    return this;
  }

  off<Name extends TrackerEventName>(
    name: Name,
    listener: (...payload: TrackerEventMap[Name]) => void,
  ): this {
    this.#pipeline.events.off(name, listener);
    return this;
  }

  /** No step has more than half of the time that is left, so that some is left for storing. */
  async #close(server: CloseOptions['server'], timeoutMs: number): Promise<CloseResult> {
    const { clock } = this.#settings;
    const endMs = clock.monotonic() + timeoutMs;
    const leftMs = (): number => Math.max(0, endMs - clock.monotonic());
    try {
      const servers = [(typeof server === 'function' ? server() : server) ?? []].flat();
      await endServers(servers, () => this.#capture.underWay === 0, clock, leftMs() / 2);
    } catch (error) {
      // The records are stored in any case.
      this.#pipeline.fault("the option 'server'", error);
    }
    await within(clock, leftMs() / 2, this.#capture.complete());
    this.#capture.close();
    await within(clock, leftMs() / 2, this.#folding.close());
    try {
      return await this.#pipeline.close(leftMs());
    } finally {
      for (const undo of this.#attachments.splice(0)) undo();
    }
  }
}
