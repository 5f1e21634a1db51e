import { performance } from 'node:perf_hooks';

/** What `Clock.setTimeout` returns and `Clock.clearTimeout` takes back. */
export type TimerHandle = object | number;

/** Where the library takes the time from. Tests put a clock of their own in its place. */
export interface Clock {
  /** The time of day, in milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** A clock that never goes back, in milliseconds since any moment. */
  monotonic(): number;
  /**
   * Calls `callback` once after `delayMs` milliseconds.
   *
   * @param keepAlive - whether the process has to stay alive for it
   */
  setTimeout(callback: () => void, delayMs: number, keepAlive: boolean): TimerHandle;
  /** Takes back a timer of `setTimeout`. */
  clearTimeout(timer: TimerHandle): void;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, delayMs, keepAlive) => {
    const timer = setTimeout(callback, delayMs);
    return keepAlive ? timer : timer.unref();
  },
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** The earliest of some moments, in milliseconds since 1970; null if none of them is known. */
export function earliest(...moments: readonly (number | null)[]): number | null {
  const known = moments.filter((moment) => moment !== null);
  return known.length === 0 ? null : Math.min(...known);
}
