import type { Middleware } from 'koa';
import { installActionHook } from '../capture/attribution/action-hook.js';
import { knownApplications } from '../capture/attribution/known-actions.js';
import { Capture } from '../capture/capture.js';
import { DailySalts } from '../capture/client/visitor/daily-salts.js';
import { type Inventory, takeInventory } from '../endpoint/inventory.js';
import {
  type TrackUsageOptions,
  type TrackerSettings,
  resolveTrackerOptions,
} from '../options/tracker-options.js';
import { CloseOptions } from '../options/closing-options.js';
import { readOptions } from '../option-reader.js';
import { type ObservedFigures, observeMetrics } from '../metrics/open-telemetry.js';
import type { Health } from '../pipeline/telling/accounting.js';
import type { TrackerEventMap, TrackerEventName } from '../pipeline/telling/events.js';
import { type CloseResult, Pipeline } from '../pipeline/pipeline.js';
import { attendProcess } from '../process-hooks.js';
import { inOwnContext } from '../time/own-context.js';
import { StorageToken } from '../storage/tokens.js';
import { canDelete, findSalts } from '../storage/usage-storage.js';
import { within } from '../time/within.js';
import { endServers, noteSession } from './end-servers.js';
import { findStorages, provideServices, servicesOf } from './services.js';
import { TrackerToken, type UsageStats, type UsageTracker } from './usage-tracker.js';

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
  const pipeline = new Pipeline(settings, () => {
    const storages = findStorages(settings);
    attachments.push(provideServices(servicesOf(storages), settings.container));
    salts?.open(findSalts(storages));
    return storages;
  });
  if (settings.storage !== null || settings.container.has(StorageToken)) pipeline.open();
  const capture = new Capture(settings, pipeline, salts, (context) => {
    pipeline.open();
    noteSession(context);
  });
  const tracker = new Tracker(settings, capture, pipeline, attachments);
  attachments.push(provideServices([{ id: TrackerToken, value: tracker }], settings.container));
  const { signals, server, timeoutMs } = settings.handleSignals;
  attachments.push(
    attendProcess({
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
    }),
  );
  if (settings.metrics) attachments.push(measure(tracker, pipeline));
  return Object.assign(capture.middleware(), { tracker });
}

function measure(tracker: UsageTracker, pipeline: Pipeline): () => void {
  const onFailure = (error: unknown): void => pipeline.fault("the option 'metrics'", error);
  const read = (): ObservedFigures => ({
    storages: tracker.stats().storages,
    droppedWithoutStorage: pipeline.droppedWithoutStorage,
  });
  return observeMetrics(read, onFailure);
}

/** The handle of capture and pipeline. Its figures count every request that has closed. */
class Tracker implements UsageTracker {
  readonly #settings: TrackerSettings;
  readonly #capture: Capture;
  readonly #pipeline: Pipeline;
  readonly #attachments: (() => void)[];
  #closing: Promise<CloseResult> | null = null;

  constructor(settings: TrackerSettings, capture: Capture, pipeline: Pipeline, attachments: (() => void)[]) {
    this.#settings = settings;
    this.#capture = capture;
    this.#pipeline = pipeline;
    this.#attachments = attachments;
  }

  stats(): UsageStats {
    this.#capture.recordClosed();
    const { skipped, incomplete, geo } = this.#capture;
    const { retention } = this.#pipeline;
    return { ...this.#pipeline.stats(), skipped, incomplete, geo, retention };
  }

  health(): Health {
    this.#capture.recordClosed();
    const health = this.#pipeline.health();
    return health === 'ok' && this.#capture.missesActions ? 'degraded' : health;
  }

  inventory(): Inventory {
    const days = this.#settings.retention?.days ?? null;
    const storages = this.#pipeline.storages.map((storage) => ({
      name: storage.name,
      retentionDays: canDelete(storage) ? days : null,
    }));
    const actions = knownApplications().flatMap((known) => known.actions);
    return takeInventory(this.#settings, actions, storages);
  }

  flush(): Promise<void> {
    return inOwnContext(async () => {
      await this.#capture.complete();
      await this.#pipeline.flush();
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
    try {
      return await this.#pipeline.close(leftMs());
    } finally {
      for (const undo of this.#attachments.splice(0)) undo();
    }
  }
}
