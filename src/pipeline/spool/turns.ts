import type { Clock, TimerHandle } from '../../time/clock.js';

/** How often it is looked whether the action that is under way has ended, in milliseconds. */
const TICK_MS = 1000;

/**
 * An action that is under way for so many ticks has stalled. Ticks are counted, as a clock goes on also while the process itself
 * stands still.
 */
const STALL_TICKS = 3;

/**
 * Has one thing at a time done to files: a disk that does not answer holds one thread of the process and no more, and is noticed.
 * The timers keep no process alive.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #onStall: () => void;
  readonly #timers = new Map<number, TimerHandle>();
  #last: Promise<void> = Promise.resolve();
  /** Ticks since the action that is under way began; null between two. */
  #ticks: number | null = null;

  /** @param onStall - is called once for an action that does not end */
  constructor(clock: Clock, onStall: () => void) {
    this.#clock = clock;
    this.#onStall = onStall;
    this.#repeat(TICK_MS, () => this.#tick());
  }

  /** Whether an action is under way that does not end. */
  get areStalled(): boolean {
    return (this.#ticks ?? 0) >= STALL_TICKS;
  }

  /** Runs an action after all that were given before. */
  run<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(() => {
      this.#ticks = 0;
      return action();
    });
    const end = (): void => void (this.#ticks = null);
    this.#last = result.then(end, end);
    return result;
  }

  /**
   * Runs an action again and again, unless its last turn is not over. Its errors are ignored: the next action that somebody waits
   * for fails as well.
   *
   * @param intervalMs - the time between two runs, in milliseconds; no two actions share one
   */
  every(intervalMs: number, action: () => Promise<void>): void {
    let isWaiting = false;
    const end = (): void => void (isWaiting = false);
    this.#repeat(intervalMs, () => {
      if (isWaiting) return;
      isWaiting = true;
      void this.run(action).then(end, end);
    });
  }

  /** Repeats nothing any more, and notices no stall. */
  stop(): void {
    for (const timer of this.#timers.values()) this.#clock.clearTimeout(timer);
    this.#timers.clear();
  }

  #repeat(intervalMs: number, action: () => void): void {
    const run = (): void => {
      this.#repeat(intervalMs, action);
      action();
    };
    this.#timers.set(intervalMs, this.#clock.setTimeout(run, intervalMs, false));
  }

  #tick(): void {
    if (this.#ticks === null) return;
    this.#ticks += 1;
    if (this.#ticks === STALL_TICKS) this.#onStall();
  }
}
