/** An action that is under way for so many ticks has stalled. */
const STALL_TICKS = 3;

/**
 * Has one thing at a time done to files, so that a disk that does not answer holds one thread of the process and no more, and
 * notices when it does not.
 */
export class Turns {
  readonly #onStall: () => void;
  #last: Promise<void> = Promise.resolve();
  /** Ticks since the action that is under way began; null between two. */
  #ticks: number | null = null;

  /** @param onStall - is called once for an action that does not end */
  constructor(onStall: () => void) {
    this.#onStall = onStall;
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

  /** Says that a second has passed. Ticks are counted, as a clock goes on also while the process itself stands still. */
  tick(): void {
    if (this.#ticks === null) return;
    this.#ticks += 1;
    if (this.#ticks === STALL_TICKS) this.#onStall();
  }
}
