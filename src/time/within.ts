import type { Clock } from './clock.js';

/**
 * Waits for work that never rejects, but no longer than `timeoutMs` milliseconds, keeping the process alive
 * so long. Work that takes longer goes on by itself.
 *
 * @returns whether the work was done in time
 */
export function within(clock: Clock, timeoutMs: number, work: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => resolve(false), timeoutMs, true);
    void work.finally(() => {
      clock.clearTimeout(timer);
      resolve(true);
    });
  });
}
