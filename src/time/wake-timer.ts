import type { Clock, TimerHandle } from './clock.js';

/** The one timer of a lane: whatever is set last counts. */
export class WakeTimer {
  readonly #clock: Clock;
  #timer: TimerHandle | null = null;
  #isSoon = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is set. */
  get isSet(): boolean {
    return this.#timer !== null;
  }

  /** Calls on the next turn of the event loop, unless that is already set. */
  soon(callback: () => void): void {
    if (this.#isSoon) return;
    this.after(0, false, callback);
    this.#isSoon = true;
  }

  /**
   * Calls after `delayMs` milliseconds.
   *
   * @param keepAlive - whether the process has to stay alive for it
   */
  after(delayMs: number, keepAlive: boolean, callback: () => void): void {
    this.stop();
    const fire = (): void => {
      this.#timer = null;
      this.#isSoon = false;
      callback();
    };
    this.#timer = this.#clock.setTimeout(fire, delayMs, keepAlive);
  }

  /** Cancels it. */
  stop(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#isSoon = false;
  }
}
