import type { Clock, TimerHandle } from '../time/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told otherwise, for tests of code that depends on time.
 *
 * ```ts
 * const clock = new ManualClock();
 * const usage = trackUsage({ storage, clock });
 * await clock.advance(1000); // the batch's delay is over
 * ```
 */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #startMs: number;
  #elapsedMs = 0;

  /** @param start - the time of day that it starts with */
  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#startMs = start.getTime();
  }

  /** The time of day, in milliseconds since 1970-01-01T00:00:00Z. */
  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  /** Milliseconds since the clock was made. */
  monotonic(): number {
    return this.#elapsedMs;
  }

  /** Calls `callback` when the clock has been advanced by `delayMs` milliseconds. */
  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return timer;
  }

  /** Takes back a timer: its callback is not called. */
  clearTimeout(timer: TimerHandle): void {
    this.#timers.delete(timer as Timer);
  }

  /** Timers that are set. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Lets time pass, calling each timer at its time, and letting promises run on after each.
   *
   * @param byMs - how far, in milliseconds
   */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#elapsedMs + byMs;
    await afterPromises();
    for (let timer = this.#next(endMs); timer !== undefined; timer = this.#next(endMs)) {
      this.#timers.delete(timer);
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
      timer.callback();
      await afterPromises();
    }
    this.#elapsedMs = endMs;
    await afterPromises();
  }

  #next(endMs: number): Timer | undefined {
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= endMs);
    return due.toSorted((a, b) => a.dueMs - b.dueMs)[0];
  }
}

/** Resolves when no promise has a callback to run any more, the callbacks of callbacks included. */
function afterPromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
