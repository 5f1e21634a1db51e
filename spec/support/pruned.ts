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

  override deleteBefore(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    this.asked.push({ date, limit, signal });
    return this.deletion(date, limit, signal, () => super.deleteBefore(date, limit, signal));
  }
}

/** A manual clock that remembers for which timers the process would have stayed alive. */
export class WatchedClock extends ManualClock {
  readonly keptAlive: boolean[] = [];

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
    retention: { days },
    ...options,
  });
  return { tracker, clock, warnings, failures };
}
