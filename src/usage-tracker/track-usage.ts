import type { Middleware } from 'koa';
import { installActionHook } from '../capture/attribution/action-hook.js';
import { type KnownAction, knownApplications } from '../capture/attribution/known-actions.js';
import { Capture } from '../capture/capture.js';
import { DailySalts } from '../capture/client/visitor/daily-salts.js';
import { type Inventory, takeInventory } from '../endpoint/inventory.js';
import { addCounts } from '../endpoint/register-rows.js';
import type { InstanceFigures } from '../endpoint/register-writer.js';
import { shortLivedActions } from '../endpoint/short-lived-actions.js';
import {
  type TrackUsageOptions,
  type TrackerSettings,
  resolveTrackerOptions,
} from '../options/tracker-options.js';
import { CloseOptions, type SignalSettings } from '../options/closing-options.js';
import { readOptions } from '../option-reader.js';
import { type ObservedFigures, observeMetrics } from '../metrics/open-telemetry.js';
import type { Health } from '../pipeline/telling/accounting.js';
import type { TrackerEventMap, TrackerEventName } from '../pipeline/telling/events.js';
import { type CloseResult, Pipeline } from '../pipeline/pipeline.js';
import type { RetentionStats } from '../pipeline/retention/retention.js';
import { attendProcess } from '../process-hooks.js';
import { inOwnContext } from '../time/own-context.js';
import { StorageToken } from '../storage/tokens.js';
import { type UsageStorage, canDelete, canDeleteUsage, findSalts } from '../storage/usage-storage.js';
import type { Seal } from '../pipeline/retention/old-records.js';
import { type ErasureReport, type UsagePerson, checkPerson } from '../storage/usage-person.js';
import type { RebuildProgress } from '../summary/rebuild.js';
import type { UsageRecord } from '../record/usage-record.js';
import { within } from '../time/within.js';
import { endServers, noteSession } from './end-servers.js';
import { Folding } from './folding.js';
import { findStorages, provideServices, servicesOf } from './services.js';
import { Watching } from './watching.js';
import { type RebuildOptions, TrackerToken, type UsageStats, type UsageTracker } from './usage-tracker.js';

/** The Koa middleware, with the handle of its tracker. */
export type UsageMiddleware = Middleware & {
  /** The handle: `stats()`, `flush()`, `close()`, `on()`. */
  readonly tracker: UsageTracker;
};

/**
 * Makes the Koa middleware that tracks usage. Mount it before `useKoaServer`, and before any middleware whose
 * time is to be counted.
 *
 * ```ts
 * const usage = trackUsage();
 * app.use(usage);
 * useKoaServer(app, { controllers });
 * ```
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown, of the wrong type or out of bounds
 */
export function trackUsage(options: TrackUsageOptions = {}): UsageMiddleware {
  const settings = resolveTrackerOptions(options);
  installActionHook();
  const attachments: (() => void)[] = [];
  const salts = settings.visitors
    ? new DailySalts(settings.clock, (error) => pipeline.fault("the option 'visitors'", error))
    : null;
  const open = (): readonly UsageStorage[] => {
    const storages = findStorages(settings);
    attachments.push(provideServices(servicesOf(storages), settings.container));
    salts?.open(findSalts(storages));
    folding.open([...new Set(storages)]);
    watching.open([...new Set(storages)]);
    return storages;
  };
  const seal: Seal = (storage, old, signal) => folding.seal(storage, old, signal);
  const pipeline = new Pipeline(
    settings,
    open,
    seal,
    (storage) => watching.close(storage),
    () => shortLivedActions(settings, declaredActions()),
  );
  const folding = new Folding(settings, pipeline);
  const watching = new Watching(settings, {
    figuresOf: (storage) => figuresOf(storage, capture, pipeline),
    declaredRoutes: () => capture.declaredRoutes(),
    gone: (endpoints) => capture.gone.replace(endpoints),
    fault: (what, error) => pipeline.fault(what, error),
  });
  if (settings.storage !== null || settings.container.has(StorageToken)) pipeline.open();
  const capture = new Capture(settings, pipeline, salts, (context) => {
    pipeline.open();
    noteSession(context);
  });
  const tracker = new Tracker(settings, { capture, pipeline, folding, watching }, attachments);
  attachments.push(provideServices([{ id: TrackerToken, value: tracker }], settings.container));
  attachments.push(attend(tracker, capture, pipeline, settings.handleSignals));
  if (settings.metrics) attachments.push(measure(tracker, pipeline));
  return Object.assign(capture.middleware, { tracker });
}

/** Has the tracker do what is to be done when the process ends. */
function attend(
  tracker: Tracker,
  capture: Capture,
  pipeline: Pipeline,
  { signals, server, timeoutMs }: SignalSettings,
): () => void {
  return attendProcess({
    signals,
    flush: () => {
      capture.conclude();
      return pipeline.flushOrSpool();
    },
    abandon: () => {
      capture.conclude();
      pipeline.abandon();
    },
    close: () => tracker.close({ server: server ?? undefined, timeoutMs }),
  });
}

function measure(tracker: UsageTracker, pipeline: Pipeline): () => void {
  const onFailure = (error: unknown): void => pipeline.fault("the option 'metrics'", error);
  const read = (): ObservedFigures => {
    const { storages, summaries } = tracker.stats();
    const left = [...summaries];
    return {
      storages: storages.map((stats) => {
        // Several storages of one name come in one order in both.
        const place = left.findIndex(({ storage }) => storage === stats.name);
        const [folding] = place < 0 ? [] : left.splice(place, 1);
        return Object.assign({}, stats, {
          behindMs: folding?.behindMs ?? null,
          foldFailures: folding?.failures ?? null,
        });
      }),
      droppedWithoutStorage: pipeline.droppedWithoutStorage,
    };
  };
  return observeMetrics(read, onFailure);
}

/** The actions of routing-controllers in this process. */
function declaredActions(): KnownAction[] {
  return knownApplications().flatMap(({ actions }) => actions);
}

const DAY_MS = 86_400_000;

async function* recordsOf(
  storages: readonly UsageStorage[],
  person: UsagePerson,
): AsyncIterableIterator<UsageRecord> {
  for (const { reader } of storages) if (reader !== undefined) yield* reader.streamUsage(person);
}

/** What is entered into the register of a storage. */
function figuresOf(storage: UsageStorage, capture: Capture, pipeline: Pipeline): InstanceFigures {
  capture.recordClosed();
  const stats = pipeline.stats().storages[pipeline.storages.indexOf(storage)];
  const { accepted = 0, dropped = {} } = stats ?? {};
  return {
    accepted,
    dropped: addCounts(dropped, pipeline.droppedWithoutStorage),
    skipped: capture.skipped,
    endpoints: capture.skippedEndpoints,
  };
}

/** The parts of a tracker. */
interface TrackerParts {
  readonly capture: Capture;
  readonly pipeline: Pipeline;
  readonly folding: Folding;
  readonly watching: Watching;
}

/** The handle of capture and pipeline. Its figures count every request that has closed. */
class Tracker implements UsageTracker {
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
      retentionDays: canDelete(storage) ? days : null,
    }));
    const isShortened = this.#pipeline.storages.every(canDeleteUsage);
    return takeInventory(this.#settings, declaredActions(), storages, isShortened);
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
      for (const storage of this.#pipeline.storages) {
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
