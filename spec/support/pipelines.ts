import { resolveTrackerOptions, type TrackUsageOptions } from '../../src/options/tracker-options.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import type { StoreResult, UsageStorage } from '../../src/storage/usage-storage.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

/** The way of records into one storage, with a clock that stands still. */
export interface Lane {
  readonly pipeline: Pipeline;
  readonly clock: ManualClock;
  /** What was logged. */
  readonly lines: string[];
  /** How often the storage was asked to store. */
  readonly attempts: { count: number };
}

/** Leads records into a storage as a tracker does. */
export function laneTo(storage: UsageStorage, options: TrackUsageOptions = {}): Lane {
  const clock = new ManualClock();
  const lines: string[] = [];
  const attempts = { count: 0 };
  const log = (line: string): void => {
    lines.push(line);
  };
  const counted: UsageStorage = {
    name: storage.name,
    store(batch, signal): Promise<StoreResult> {
      attempts.count += 1;
      return storage.store(batch, signal);
    },
  };
  const settings = resolveTrackerOptions({
    clock,
    logger: { warn: log, error: log },
    serverName: 'spec',
    ...options,
  });
  return { pipeline: new Pipeline(settings, () => [counted]), clock, lines, attempts };
}
