import { type TrackUsageOptions, type UsageTracker, trackUsage } from '../../src/index.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

/** What a storage does when it is told to delete. */
export type Deletion = (
  date: Date,
  limit: number,
  signal: AbortSignal,
  really: () => Promise<number>,
) => Promise<number>;

/** A storage that deletes as it is told, and remembers what it was asked. */
export class ObservedStorage extends MemoryStorage {
  readonly asked: { readonly date: Date; readonly limit: number; readonly signal: AbortSignal }[] = [];
  deletion: Deletion = (_date, _limit, _signal, really) => really();
  /** The storage's own clock; left out where it has none. */
  now?: (signal: AbortSignal) => Promise<Date>;

  override deleteBefore(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    this.asked.push({ date, limit, signal });
    return this.deletion(date, limit, signal, () => super.deleteBefore(date, limit, signal));
  }
}

/** A manual clock whose time of day can be set. It remembers for which timers the process would have stayed alive. */
export class WatchedClock extends ManualClock {
  readonly keptAlive: boolean[] = [];
  /** By how much the time of day was set, in milliseconds; the monotonic clock goes on. */
  setByMs = 0;

  override now(): number {
    return super.now() + this.setByMs;
  }

  override setTimeout(callback: () => void, delayMs: number, keepAlive = false): object | number {
    this.keptAlive.push(keepAlive);
    return super.setTimeout(callback, delayMs);
  }
}

/** A tracker with a retention, and what it said. */
export interface Pruned {
  readonly tracker: UsageTracker;
  readonly clock: WatchedClock;
  readonly warnings: string[];
  readonly failures: string[];
}

/** Makes a tracker that keeps records for some days. */
export function keepFor(
  days: number,
  storage: UsageStorage | readonly UsageStorage[],
  options: TrackUsageOptions = {},
): Pruned {
  const clock = new WatchedClock();
  // Most specs have storages without records from the day before: the clock of these is right.
  for (const one of [storage].flat())
    if (one instanceof ObservedStorage) one.now ??= async () => new Date(clock.now());
  const [warnings, failures]: [string[], string[]] = [[], []];
  const logger = {
    warn: (line: string) => void warnings.push(line),
    error: (line: string) => void failures.push(line),
  };
  const { tracker } = trackUsage({
    storage,
    clock,
    logger,
    serverName: 'spec',
    retention: { records: { days } },
    ...options,
  });
  return { tracker, clock, warnings, failures };
}
