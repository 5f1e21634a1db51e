import type { Middleware } from 'koa';
import { installActionHook } from '../capture/attribution/action-hook.js';
import { Capture } from '../capture/capture.js';
import { DailySalts } from '../capture/client/visitor/daily-salts.js';
import { addCounts } from '../endpoint/register-rows.js';
import type { InstanceFigures } from '../endpoint/register-writer.js';
import { shortLivedActions } from '../endpoint/short-lived-actions.js';
import { type TrackUsageOptions, resolveTrackerOptions } from '../options/tracker-options.js';
import type { SignalSettings } from '../options/closing-options.js';
import { Pipeline } from '../pipeline/pipeline.js';
import { attendProcess } from '../process-hooks.js';
import { StorageToken } from '../storage/tokens.js';
import type { ShortLivedAction } from '../storage/usage-action.js';
import { type UsageStorage, findSalts } from '../storage/usage-storage.js';
import type { Seal } from '../pipeline/retention/old-records.js';
import { noteSession } from './end-servers.js';
import { Folding } from './folding.js';
import { measure } from './measure.js';
import { findStorages, provideServices, servicesOf } from './services.js';
import { Watching } from './watching.js';
import { Tracker, declaredActions } from './tracker.js';
import { TrackerToken, type UsageTracker } from './usage-tracker.js';

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
  const takeLeave = (storage: UsageStorage): Promise<void> => watching.close(storage);
  const shortLived = (): readonly ShortLivedAction[] => shortLivedActions(settings, declaredActions());
  const pipeline = new Pipeline(settings, open, seal, takeLeave, shortLived);
  const folding = new Folding(settings, pipeline);
  const watching = new Watching(settings, {
    figuresOf: (storage) => figuresOf(storage, capture, pipeline),
    declaredRoutes: () => capture.declaredRoutes(),
    shortLived,
    gone: (endpoints) => capture.gone.replace(endpoints),
    fault: (what, error) => pipeline.fault(what, error),
  });
  if (settings.storage !== null || settings.container.has(StorageToken)) pipeline.open();
  const capture = new Capture(settings, pipeline, salts, (context) => {
    pipeline.open();
    noteSession(context);
  });
  capture.gone.wanted = () => watching.hurry();
  const tracker = new Tracker(settings, { capture, pipeline, folding, watching }, attachments);
  attachments.push(provideServices([{ id: TrackerToken, value: tracker }], settings.container));
  attachments.push(attend(tracker, capture, pipeline, settings.handleSignals));
  if (settings.metrics) attachments.push(measure(() => tracker.stats(), pipeline, folding));
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
