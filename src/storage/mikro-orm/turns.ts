import { orAbort } from './or-abort.js';

/** One work after another. A work that nobody waits for any more goes on, and the next one waits for its end. */
export class Turns {
  /** The work that is under way; it never rejects. */
  #running: Promise<void> | null = null;

  /** Does a work in its turn. Rejects at once when the signal is aborted; a work that has not begun then never begins. */
  async take<Result>(signal: AbortSignal, begin: () => Promise<Result>): Promise<Result> {
    while (this.#running !== null) await orAbort(this.#running, signal);
    signal.throwIfAborted();
    const work = begin();
    this.#running = work.then(nothing, nothing).finally(() => {
      this.#running = null;
    });
    return orAbort(work, signal);
  }
}

function nothing(): void {}
