/**
 * Limits how long work may hold the event loop in one turn, where the input decides how long a step of it
 * takes. The clock is looked at after every few steps only, as a look has its price too.
 */
export class TurnBudget {
  readonly #turnMs: number;
  readonly #stepsPerLook: number;
  #steps = 0;
  #endMs = 0;

  /**
   * @param turnMs - how long a turn may take, in milliseconds
   * @param stepsPerLook - steps of work from one look at the clock to the next
   */
  constructor(turnMs: number, stepsPerLook: number) {
    this.#turnMs = turnMs;
    this.#stepsPerLook = stepsPerLook;
    this.renew();
  }

  /** Begins a turn. */
  renew(): void {
    this.#endMs = performance.now() + this.#turnMs;
  }

  /** Counts a step of work that is done, and tells whether the turn has taken too long by now. */
  isSpentAfterStep(): boolean {
    this.#steps += 1;
    return this.#steps % this.#stepsPerLook === 0 && performance.now() > this.#endMs;
  }
}
