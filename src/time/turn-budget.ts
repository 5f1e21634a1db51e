import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a turn may take, in milliseconds. */
const TURN_MS = 0.4;

/**
 * Limits how long work may hold the event loop in one turn, where the input decides how long a step of it
 * takes. The clock is looked at after every few steps only, as a look has its price too.
 */
export class TurnBudget {
  readonly #stepsPerLook: number;
  readonly #turnMs: number;
  #steps = 0;
  #endMs: number;

  /**
   * @param stepsPerLook - steps of work from one look at the clock to the next
   * @param turnMs - how long a turn may take, in milliseconds
   */
  constructor(stepsPerLook: number, turnMs = TURN_MS) {
    this.#stepsPerLook = stepsPerLook;
    this.#turnMs = turnMs;
    this.#endMs = performance.now() + turnMs;
  }

  /** Counts a step of work that is done, and tells whether the turn has taken too long by now. */
  isSpentAfterStep(): boolean {
    this.#steps += 1;
    return this.#steps % this.#stepsPerLook === 0 && performance.now() > this.#endMs;
  }

  /**
   * Leaves the event loop to others, and begins the next turn.
   *
   * @throws the signal's reason if it is aborted by then
   */
  async nextTurn(signal?: AbortSignal): Promise<void> {
    await nextTurn();
    signal?.throwIfAborted();
    this.#endMs = performance.now() + this.#turnMs;
  }
}
