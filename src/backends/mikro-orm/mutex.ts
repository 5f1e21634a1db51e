import { orAbort } from '../../time/or-abort.js';

/**
 * One piece of work at a time. Work that nobody waits for any more may still hang; what comes next waits for its end, so
 * that a server that no longer answers costs one connection however often it is asked.
 */
export class Mutex {
  /** Ends with the work that is under way, and never rejects. */
  #running: Promise<void> | null = null;

  /**
   * Does a piece of work when there is no other.
   *
   * @param signal - ends the waiting, for a turn and for the result; the work goes on unless it looks at it itself
   * @throws the signal's reason as soon as it is aborted, and then work that has not begun never begins; what the work throws
   */
  async run<Value>(signal: AbortSignal, begin: () => Promise<Value>): Promise<Value> {
    while (this.#running !== null) await orAbort(this.#running, signal);
    signal.throwIfAborted();
    const work = begin();
    this.#running = work.then(nothing, nothing).finally(() => {
      this.#running = null;
    });
    return orAbort(work, signal);
  }

  /** Waits for the end of what is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }
}

function nothing(): void {}
