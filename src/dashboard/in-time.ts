import type { Clock } from '../time/clock.js';

/** The end of work that took too long. */
export class TooLate extends Error {}

/**
 * Waits for work, but no longer than `timeoutMs` milliseconds. Work that takes longer goes on by itself.
 *
 * @throws {TooLate} if it takes longer; else what the work throws
 */
export async function inTime<Made>(
  clock: Clock,
  timeoutMs: number,
  work: () => Promise<Made>,
): Promise<Made> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new TooLate(`It took longer than ${timeoutMs / 1000} seconds.`));
  const timer = clock.setTimeout(giveUp, timeoutMs, false);
  try {
    return await Promise.race([work(), end]);
  } finally {
    clock.clearTimeout(timer);
  }
}
