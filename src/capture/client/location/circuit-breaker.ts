import type { Clock } from '../../../time/clock.js';

/**
 * Leaves alone what has failed several times in a row: for a pause nothing is let through, then one attempt, whose
 * end decides (Nygard, Release It!, «Circuit Breaker»).
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #maxFailures: number;
  readonly #pauseMs: number;
  #failures = 0;
  /** When the pause is over, by the monotonic clock; null while everything is let through. */
  #openUntilMs: number | null = null;
  #isProbing = false;

  /**
   * @param maxFailures - failures in a row that open it
   * @param pauseMs - how long nothing is let through
   */
  constructor(clock: Clock, maxFailures: number, pauseMs: number) {
    this.#clock = clock;
    this.#maxFailures = maxFailures;
    this.#pauseMs = pauseMs;
  }

  /** Whether an attempt would be let through now. */
  get isPassable(): boolean {
    if (this.#openUntilMs === null) return true;
    return !this.#isProbing && this.#clock.monotonic() >= this.#openUntilMs;
  }

  /** Whether attempts are held back, but for the one after each pause. */
  get isOpen(): boolean {
    return this.#openUntilMs !== null;
  }

  /** Whether this attempt is let through. Of one that is, the end has to be told. */
  admit(): boolean {
    if (!this.isPassable) return false;
    this.#isProbing = this.isOpen;
    return true;
  }

  /** An attempt has succeeded. */
  succeeded(): void {
    this.#failures = 0;
    this.#openUntilMs = null;
    this.#isProbing = false;
  }

  /** An attempt has failed. One that began before the breaker opened prolongs nothing. */
  failed(): void {
    this.#failures += 1;
    const isDue = this.isOpen ? this.#isProbing : this.#failures >= this.#maxFailures;
    if (!isDue) return;
    this.#openUntilMs = this.#clock.monotonic() + this.#pauseMs;
    this.#isProbing = false;
  }
}
