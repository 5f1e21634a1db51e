import type { Clock } from '../clock.js';

/**
 * Waits for work that never rejects, but no longer than `timeoutMs` milliseconds, keeping the process alive so long.
 * Work that takes longer goes on by itself.
 */
export function within(clock: Clock, timeoutMs: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, timeoutMs, true);
    void work.finally(() => {
      clock.clearTimeout(timer);
      resolve();
    });
  });
}
