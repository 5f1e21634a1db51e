import { setTimeout as pause } from 'node:timers/promises';

/** Shorter work is watched until this is over, so that an idle loop is watched as long as a busy one. */
const WATCHED_MS = 5;

/**
 * How long the event loop was held at most while something was going on, in milliseconds. The loop is kept
 * spinning by a `setImmediate` that puts itself up again: the time from one call to the next is one turn with all
 * that ran in it, promises included. An idle turn takes some 2 µs here, so the longest gap is the longest stretch
 * of synchronous work, give or take that. A histogram of timers (`monitorEventLoopDelay`) could not see less than
 * a millisecond, and a stop watch inside the storage would not see what its callers do in the same turn.
 *
 * @param now - tells the time, in milliseconds: {@link threadMs} leaves out what other programs take of the cores, and waiting for a disk. @default the machine's clock
 */
export async function watchTurns(
  work: Promise<void>,
  now = (): number => performance.now(),
): Promise<number> {
  let watches = true;
  let longestMs = 0;
  let lastMs = now();
  const turn = (): void => {
    const nowMs = now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (watches) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all([work, pause(WATCHED_MS)]);
  watches = false;
  return longestMs;
}

/**
 * CPU time of this thread, in milliseconds. Linux brings a thread's time up to date when it is asked for that of the whole process
 * (`thread_group_cputime` of kernel/sched/cputime.c), and otherwise every few milliseconds alone.
 */
export function threadMs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
