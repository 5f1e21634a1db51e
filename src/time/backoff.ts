/** The pauses between the attempts at a batch. */
export interface BackoffBounds {
  /** The longest pause before the second attempt, in milliseconds. */
  readonly minDelayMs: number;
  /** The longest pause before any attempt, in milliseconds. */
  readonly maxDelayMs: number;
}

/**
 * How long to pause after a failed attempt: exponential backoff with full jitter, as in Marc Brooker,
 * «Exponential Backoff And Jitter», AWS Architecture Blog, 2015: `random(0, min(max, min · 2^failures))`.
 *
 * @param failures - attempts that failed in a row before this pause, from 1
 * @param random - a number from 0 (inclusive) to 1 (exclusive)
 * @returns milliseconds, at least 1
 */
export function backoffMs(bounds: BackoffBounds, failures: number, random: number): number {
  const ceiling = Math.min(bounds.maxDelayMs, bounds.minDelayMs * 2 ** (failures - 1));
  return Math.max(1, Math.round(random * ceiling));
}
