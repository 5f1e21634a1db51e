import type { Clock, TimerHandle } from './clock.js';

/** A timer for one call: setting the timer again replaces the call. */
export class WakeTimer {
  readonly #clock: Clock;
  #timer: TimerHandle | null = null;
  #isSoon = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the timer is set. */
  get isSet(): boolean {
    return this.#timer !== null;
  }

  /** Calls on the next turn of the event loop, unless such a call is set already. */
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

  /** Cancels the timer. */
  stop(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#isSoon = false;
  }
}
