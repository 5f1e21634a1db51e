import fc from 'fast-check';
import type { LaneObserver } from '../../src/pipeline/lane-observer.js';
import type { LaneSettings } from '../../src/pipeline/lane-settings.js';
import { StorageLane } from '../../src/pipeline/storage-lane.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { expectBalanced } from './accounts.js';
import { FaultyStorage, type Mood } from './faulty-storage.js';
import { makeRecord } from './records.js';

/** A lane into a storage that does as it is told, with a clock that stands still. */
export interface ControlledLane {
  readonly clock: ManualClock;
  readonly storage: FaultyStorage;
  readonly lane: StorageLane;
  /** Hands over so many records, each of so many bytes. */
  readonly accept: (count: number, bytes?: number) => UsageRecord[];
}

const NOBODY: LaneObserver = { dropped() {}, failed() {}, spoolFailed() {}, flushed() {}, recovered() {} };

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

/** Something that happens to a lane, its storage or its clock. */
type LaneStep =
  | { readonly accept: number }
  | { readonly advance: number }
  | { readonly mood: Mood }
  | { readonly flush: true }
  | { readonly release: true };

/** Anything that may happen to a lane, one thing after the other. */
export function laneHistories(options: {
  readonly maxSteps: number;
  /** Records that come in at a time. */
  readonly maxRecords: number;
}): fc.Arbitrary<LaneStep[]> {
  const mood = fc.constantFrom<Mood[]>('store', 'reject', 'throw', 'hang', 'refuse-first', 'garbage');
  const step = fc.oneof<fc.MaybeWeightedArbitrary<LaneStep>[]>(
    { weight: 4, arbitrary: fc.record({ accept: fc.integer({ min: 1, max: options.maxRecords }) }) },
    { weight: 3, arbitrary: fc.record({ advance: fc.integer({ min: 0, max: 20_000 }) }) },
    { weight: 2, arbitrary: fc.record({ mood }) },
    { weight: 1, arbitrary: fc.constant({ flush: true as const }) },
    { weight: 1, arbitrary: fc.constant({ release: true as const }) },
  );
  return fc.array(step, { maxLength: options.maxSteps });
}

/** Has all of it happen, and expects every record to be in exactly one place after each step. */
export async function liveThrough(history: readonly LaneStep[], controlled: ControlledLane): Promise<void> {
  const { clock, storage, lane, accept } = controlled;
  for (const step of history) {
    if ('accept' in step) accept(step.accept);
    else if ('advance' in step) await clock.advance(step.advance);
    else if ('mood' in step) storage.mood = step.mood;
    else if ('release' in step) storage.release();
    else void lane.flush();
    expectBalanced(lane.stats());
  }
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
