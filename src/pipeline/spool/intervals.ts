import type { Clock, TimerHandle } from '../../time/clock.js';

/** Does things again and again, by a clock, without keeping the process alive. */
export class Intervals {
  readonly #clock: Clock;
  readonly #timers = new Map<number, TimerHandle>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `action` every `intervalMs` milliseconds, which no two actions share. */
  every(intervalMs: number, action: () => void): void {
    const run = (): void => {
      this.#timers.set(intervalMs, this.#clock.setTimeout(run, intervalMs, false));
      action();
    };
    this.#timers.set(intervalMs, this.#clock.setTimeout(run, intervalMs, false));
  }

  /** Ends all of it. */
  stop(): void {
    for (const timer of this.#timers.values()) this.#clock.clearTimeout(timer);
    this.#timers.clear();
  }
}
