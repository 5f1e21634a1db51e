import type { Clock } from '../../../time/clock.js';

/**
 * Leaves a source alone that has failed several times in a row: no call passes for a pause, then one call
 * does, whose end decides (Nygard, Release It!, «Circuit Breaker»).
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #maxFailures: number;
  readonly #pauseMs: number;
  #failures = 0;
  /** When the pause is over, by the monotonic clock; -Infinity while every call passes. */
  #openUntilMs = -Infinity;
  #isProbing = false;

  /**
   * @param maxFailures - failures in a row that open the breaker
   * @param pauseMs - how long no call passes, in milliseconds
   */
  constructor(clock: Clock, maxFailures: number, pauseMs: number) {
    this.#clock = clock;
    this.#maxFailures = maxFailures;
    this.#pauseMs = pauseMs;
  }

  /** Whether a call would pass now. */
  get isPassable(): boolean {
    return !this.#isProbing && this.#clock.monotonic() >= this.#openUntilMs;
  }

  /** Whether calls are held back, but for the one after each pause. */
  get isOpen(): boolean {
    return this.#openUntilMs > -Infinity;
  }

  /** Whether a call may pass. A call that passes has to report its end by `succeeded` or `failed`. */
  admit(): boolean {
    if (!this.isPassable) return false;
    this.#isProbing = this.isOpen;
    return true;
  }

  /** Learns that a call has succeeded. */
  succeeded(): void {
    this.#failures = 0;
    this.#openUntilMs = -Infinity;
    this.#isProbing = false;
  }

  /** Learns that a call has failed. A call that began before the breaker opened prolongs no pause. */
  failed(): void {
    this.#failures += 1;
    const isDue = this.isOpen ? this.#isProbing : this.#failures >= this.#maxFailures;
    if (!isDue) return;
    this.#openUntilMs = this.#clock.monotonic() + this.#pauseMs;
    this.#isProbing = false;
  }
}
