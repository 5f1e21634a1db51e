/**
 * Limits how long work may hold the event loop in one turn, where the input decides how long a piece of it
 * takes. The clock is looked at after every few pieces only, as a look has its price too.
 */
export class TurnBudget {
  readonly #turnMs: number;
  readonly #piecesPerLook: number;
  #pieces = 0;
  #endMs = 0;

  /**
   * @param turnMs - how long a turn may take, in milliseconds
   * @param piecesPerLook - pieces of work from one look at the clock to the next
   */
  constructor(turnMs: number, piecesPerLook: number) {
    this.#turnMs = turnMs;
    this.#piecesPerLook = piecesPerLook;
    this.renew();
  }

  /** Begins a turn. */
  renew(): void {
    this.#endMs = performance.now() + this.#turnMs;
  }

  /** Counts a piece of work that is done, and tells whether the turn has taken too long by now. */
  isSpentAfterPiece(): boolean {
    this.#pieces += 1;
    return this.#pieces % this.#piecesPerLook === 0 && performance.now() > this.#endMs;
  }
}
