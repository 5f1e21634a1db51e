import type { LaneObserver } from '../../src/pipeline/telling/report-lanes.js';
import type { LaneSettings } from '../../src/pipeline/lane/lane-settings.js';
import { StorageLane } from '../../src/pipeline/lane/storage-lane.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { FaultyStorage } from './faulty-storage.js';
import { makeRecord } from './records.js';

/** A lane into a storage that does as it is told, with a clock that stands still. */
export interface ControlledLane {
  readonly clock: ManualClock;
  readonly storage: FaultyStorage;
  readonly lane: StorageLane;
  /** Hands over so many records, each of so many bytes. */
  readonly accept: (count: number, bytes?: number) => UsageRecord[];
}

/** Looks away. */
export const NOBODY: LaneObserver = {
  dropped() {},
  failed() {},
  spoolFailed() {},
  flushed() {},
  recovered() {},
};

/** Makes a lane with a queue for thirty records and no spool, unless the settings say otherwise. */
export function makeLane(
  settings: Partial<LaneSettings> = {},
  observer: LaneObserver = NOBODY,
): ControlledLane {
  const clock = new ManualClock();
  const storage = new FaultyStorage();
  const lane = new StorageLane(
    storage,
    {
      clock,
      queue: { maxRecords: 30, maxBytes: 100_000, overflow: 'drop-newest' },
      batch: { maxRecords: 10, maxBytes: 1_000_000, maxDelayMs: 1000 },
      retry: { minDelayMs: 500, maxDelayMs: 30_000, attemptTimeoutMs: 10_000, maxAgeMs: 1e12 },
      spool: null,
      ...settings,
    },
    observer,
  );
  const accept = (count: number, bytes = 100): UsageRecord[] => {
    const records = Array.from({ length: count }, () => makeRecord());
    for (const record of records) lane.accept(record, bytes);
    return records;
  };
  return { clock, storage, lane, accept };
}

/** Has something happen while `Math.random()` says what it is told to. */
export async function withRandom(random: () => number, action: () => Promise<void>): Promise<void> {
  const original = Math.random;
  Math.random = random;
  try {
    await action();
  } finally {
    Math.random = original;
  }
}
