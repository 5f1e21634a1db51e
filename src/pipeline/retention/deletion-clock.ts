import { TrackUsageError } from '../../errors.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import type { Clock } from '../../time/clock.js';

const DAY_MS = 86_400_000;

const show = (ms: number): string => new Date(ms).toJSON();

/**
 * Makes the clock by which old records are deleted from one storage. No single clock is trusted: the storage's has to agree with
 * the process's. Where a storage has none, its newest records have to, or nothing is deleted for a day; nor is it after the
 * process's clock was set.
 *
 * @param warn - learns why nothing is deleted for a day
 * @returns a function that resolves with the time in milliseconds since 1970, or null while nothing is to be deleted. It rejects with
 *   `STORAGE_SETUP` if the storage's clock is a day or more away from the process's
 */
export function deletionClock(storage: UsageStorage, clock: Clock, warn: (why: string) => void) {
  const startMs = clock.now();
  let aheadMs = startMs - clock.monotonic();
  let hasLooked = false;
  let waitUntilMs = -Infinity;
  return async (signal: AbortSignal): Promise<number | null> => {
    const theirs = await storage.now?.(signal);
    const nowMs = clock.now();
    if (theirs !== undefined) return agreed(storage, theirs.getTime(), nowMs);
    const monotonicMs = clock.monotonic();
    const setByMs = nowMs - monotonicMs - aheadMs;
    const isSet = Math.abs(setByMs) >= DAY_MS;
    const doubt = hasLooked ? null : await doubtOf(storage, startMs);
    hasLooked = true;
    aheadMs += setByMs;
    if (isSet || doubt !== null) {
      waitUntilMs = monotonicMs + DAY_MS;
      warn(
        `the clock of this process says ${show(nowMs)}, but ${doubt ?? `said ${show(nowMs - setByMs)} until it was set`}`,
      );
    }
    return monotonicMs < waitUntilMs ? null : nowMs;
  };
}

/** @throws {TrackUsageError} `STORAGE_SETUP` if the clocks are a day or more apart */
function agreed({ name }: UsageStorage, theirMs: number, nowMs: number): number {
  if (Math.abs(theirMs - nowMs) < DAY_MS) return theirMs;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The clock of this process says ${show(nowMs)}, and that of the storage '${name}' says ${show(theirMs)}. Set the wrong ` +
      'one right: until then, nothing is deleted.',
  );
}

/** What speaks against the clock of a process, when it began; null for nothing. */
async function doubtOf({ reader }: UsageStorage, startMs: number): Promise<string | null> {
  if (reader === undefined) return 'there are no records to be read that it could be compared with';
  // The second look is for a clock that was wrong already when another process made the newest records.
  for (const endMs of [startMs, startMs - DAY_MS]) {
    const [newest] = await reader.getUsage({ endDate: new Date(endMs), limit: 1 });
    if (newest === undefined) return null;
    const newestMs = newest.date.getTime();
    if (endMs - newestMs >= DAY_MS) return `no record is from between ${show(newestMs)} and ${show(endMs)}`;
  }
  return null;
}
