import type { Context, Middleware } from 'koa';
import { Container, type Token } from 'typedi';
import { installActionHook } from './capture/attribution/action-hook.js';
import { Capture } from './capture/capture.js';
import { DailySalts } from './capture/visitor/daily-salts.js';
import type { LocatorStats } from './capture/location/address-locator.js';
import type { SkipCounts } from './capture/gate.js';
import { type Inventory, takeInventory } from './capture/inventory/inventory.js';
import type { VisitorStats } from './capture/visitor/visitors.js';
import { TrackUsageError } from './errors.js';
import {
  type TrackUsageOptions,
  type TrackerSettings,
  type UsageContainer,
  resolveTrackerOptions,
} from './options/tracker-options.js';
import { OptionReader } from './option-reader.js';
import { type ObservedFigures, observeMetrics } from './metrics/open-telemetry.js';
import type { Health, TrackerStats } from './pipeline/accounting.js';
import type { TrackerEventMap, TrackerEventName } from './pipeline/events.js';
import type { RetentionStats } from './pipeline/retention.js';
import { type CloseResult, Pipeline } from './pipeline/pipeline.js';
import { closeOnSignals, flushBeforeExit } from './process-hooks.js';
import { StorageToken } from './storage/storage-token.js';
import {
  type ServiceBinding,
  type UsageStorage,
  canDelete,
  findSalts,
  isReadable,
  isStorage,
} from './storage/usage-storage.js';

/** How a tracker is closed. */
export interface CloseOptions {
  /** How long to wait for the storages, in milliseconds, from 0 to 3,600,000. @default 5_000 */
  readonly timeoutMs?: number | undefined;
}

/** What became of the tracked requests so far. */
export interface UsageStats extends TrackerStats {
  /** Tracked requests that were not recorded, as configured; they are in none of the other figures. */
  readonly skipped: SkipCounts;
  /** What became of the addresses whose location was looked up; null without the option `geo`. */
  readonly geo: LocatorStats | null;
  /** What became of the records that are too old; null without the option `retention`. */
  readonly retention: RetentionStats | null;
  /** How well visitors are told apart; null without the option `visitors`. */
  readonly visitors: VisitorStats | null;
}

/** The handle of a tracker: what became of the records, and how to end it. */
export interface UsageTracker {
  /** What became of the records so far. */
  stats(): UsageStats;
  /**
   * How the tracker does, for the application's own health end point: `failing` while there is no storage, or records
   * were dropped within the last minute, `degraded` while a storage fails and its records wait, else `ok`.
   */
  health(): Health;
  /**
   * Lists the actions that routing-controllers has registered, each with what is recorded of it: data for
   * `JSON.stringify`, or for `renderInventory`. Ask after `useKoaServer`.
   */
  inventory(): Inventory;
  /**
   * Stores what is queued now, without waiting for a full batch.
   *
   * @returns a promise that resolves when it is stored or dropped, or when a storage's attempt has failed; its
   *   records then stay queued. It never rejects
   */
  flush(): Promise<void>;
  /**
   * Stores what is queued, closes the storages, and counts as `late` what comes afterwards. Requests are still
   * served. A second call returns the first one's answer.
   *
   * @returns how many records were stored, spooled and dropped since the start
   * @throws {TrackUsageError} `INVALID_OPTION` if `timeoutMs` is not an integer within bounds
   */
  close(options?: CloseOptions): Promise<CloseResult>;
  /**
   * Calls the listener on every event of this name.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if there is no such event, or the listener is not a function
   */
  on<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): this;
  /** Removes a listener. */
  off<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): this;
}

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
  const attachments: Attachment[] = [];
  const salts = settings.visitors
    ? new DailySalts(settings.clock, (error) => pipeline.fault("the option 'visitors'", error))
    : null;
  const pipeline = new Pipeline(settings, () => {
    const storages = findStorages(settings);
    attachments.push(provideServices(storages, settings.container));
    salts?.open(findSalts(storages));
    return storages;
  });
  if (settings.storages !== null || settings.container.has(StorageToken)) pipeline.open();
  const capture = new Capture(settings, pipeline, salts, (context) => {
    pipeline.open();
    warnOfLateMount(context, pipeline);
  });
  const tracker = new Tracker(settings, capture, pipeline, attachments);
  attachments.push(
    flushBeforeExit({
      flush: () => {
        capture.conclude();
        return pipeline.flushOrSpool();
      },
    }),
  );
  if (settings.handleSignals) attachments.push(closeOnSignals(tracker));
  if (settings.metrics) {
    const onFailure = (error: unknown): void => pipeline.fault("the option 'metrics'", error);
    const read = (): ObservedFigures => ({
      storages: tracker.stats().storages,
      droppedWithoutStorage: pipeline.droppedWithoutStorage,
    });
    const endMetrics = observeMetrics(read, onFailure);
    attachments.push((closing) => void closing.then(endMetrics, endMetrics));
  }
  return Object.assign(capture.middleware(), { tracker });
}

/** What has to be undone when the tracker is closed; it is handed the end of that. */
type Attachment = (closing: Promise<unknown>) => void;

/** The handle of capture and pipeline. Whoever asks it, asks of every request that has closed. */
class Tracker implements UsageTracker {
  readonly #settings: TrackerSettings;
  readonly #capture: Capture;
  readonly #pipeline: Pipeline;
  readonly #attachments: Attachment[];

  constructor(settings: TrackerSettings, capture: Capture, pipeline: Pipeline, attachments: Attachment[]) {
    this.#settings = settings;
    this.#capture = capture;
    this.#pipeline = pipeline;
    this.#attachments = attachments;
  }

  stats(): UsageStats {
    this.#capture.settle();
    const { skipped, geo, visitors } = this.#capture;
    return { ...this.#pipeline.stats(), skipped, geo, visitors, retention: this.#pipeline.retention };
  }

  health(): Health {
    this.#capture.settle();
    return this.#pipeline.health();
  }

  inventory(): Inventory {
    const days = this.#settings.retention?.days ?? null;
    const storages = this.#pipeline.storages.map((storage) => ({
      name: storage.name,
      retentionDays: canDelete(storage) ? days : null,
    }));
    return takeInventory(this.#settings, storages);
  }

  async flush(): Promise<void> {
    await this.#capture.complete();
    await this.#pipeline.flush();
  }

  async close(options: CloseOptions = {}): Promise<CloseResult> {
    const reader = new OptionReader('tracker.close', options, ['timeoutMs']);
    const timeoutMs = reader.integer('timeoutMs', { min: 0, max: 3_600_000, default: 5000 });
    this.#capture.close();
    const closing = this.#pipeline.close(timeoutMs);
    for (const takeBack of this.#attachments.splice(0)) takeBack(closing);
    return closing;
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
}

/** The storages that were given, or those in the container. */
function findStorages(settings: TrackerSettings): readonly UsageStorage[] {
  if (settings.storages !== null) return settings.storages;
  const { container } = settings;
  // A child container does not see the values of the global one, whatever TypeDI's `get` promises.
  const containers = [container, Container as UsageContainer];
  const held = containers.find((candidate) => candidate.has(StorageToken))?.getMany(StorageToken);
  const storages: unknown[] = held?.flat() ?? [];
  if (storages.length === 0) {
    throw new TrackUsageError(
      'NO_STORAGE',
      "There is no storage. Add two lines before the first request: import { StorageToken } from 'koa-track-usage' and " +
        'Container.set(StorageToken, storage). Or hand the storage to trackUsage({ storage }).',
    );
  }
  const wrong = storages.find((storage) => !isStorage(storage));
  if (wrong === undefined) return storages as UsageStorage[];
  throw new TrackUsageError(
    'NO_STORAGE',
    wrong instanceof Promise
      ? 'StorageToken holds a promise. Await it first: Container.set(StorageToken, await SqlStorage.connect({ … })).'
      : `StorageToken holds a value of type ${typeof wrong} that is not a storage; expected an object with a name and a method store.`,
  );
}

/** What the open trackers offer to each container, by the order in which they were opened. */
const offered = new WeakMap<UsageContainer, ServiceBinding[]>();

/**
 * Puts what the first readable storage offers into the container, where neither the application nor another tracker
 * has put anything.
 *
 * @returns a function that undoes it
 */
function provideServices(storages: readonly UsageStorage[], container: UsageContainer): () => void {
  const offers = storages.filter(isReadable).map(({ provides }) => provides ?? []);
  // Copies: two trackers may have one storage.
  const bindings = (offers.find((offer) => offer.length > 0) ?? []).map(({ id, value }) => ({ id, value }));
  offered.set(container, [...(offered.get(container) ?? []), ...bindings]);
  for (const { id, value } of bindings) {
    if (!container.has(id as Token<unknown>)) container.set(id as Token<unknown>, value);
  }
  return () => {
    for (const binding of bindings) withdraw(binding, container);
  };
}

/** A repository whose storage is closed is of no use; that of a tracker that is still open takes its place. */
function withdraw(binding: ServiceBinding, container: UsageContainer): void {
  const others = (offered.get(container) ?? []).filter((other) => other !== binding);
  offered.set(container, others);
  const token = binding.id as Token<unknown>;
  if (!container.getMany(token).includes(binding.value)) return;
  const next = others.find(({ id }) => id === binding.id);
  if (next === undefined) container.remove(token);
  else container.set(token, next.value);
}

/** Tells who mounted the middleware behind the controllers, where it sees a request only when it is answered. */
function warnOfLateMount(context: Context, pipeline: Pipeline): void {
  if ((context.request as { routingControllersStarted?: boolean }).routingControllersStarted !== true) return;
  pipeline.warn(
    'mount',
    'the middleware runs behind the controllers. Call app.use(trackUsage()) before useKoaServer(app); what createKoaServer() ' +
      'returns has its controllers already.',
  );
}
