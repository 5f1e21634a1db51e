import { orAbort } from '../../time/or-abort.js';

/**
 * Has one piece of work done at a time. Work may still hang when nobody waits for it any more. The next piece waits
 * for its end all the same, so that a server that no longer answers costs one connection however often it is asked.
 */
export class Mutex {
  /** Ends with the work that is under way, and never rejects. */
  #running: Promise<void> | null = null;

  /**
   * Begins a piece of work as soon as no other is under way.
   *
   * @param signal - ends the waiting for the turn and for the result; work that has begun goes on
   * @throws the signal's reason as soon as the signal is aborted, or the work's own error
   */
  async run<Value>(signal: AbortSignal, begin: () => Promise<Value>): Promise<Value> {
    while (this.#running !== null) await orAbort(this.#running, signal);
    signal.throwIfAborted();
    const work = begin();
    const end = (): void => {
      this.#running = null;
    };
    this.#running = work.then(end, end);
    return orAbort(work, signal);
  }

  /** Waits for the end of the work under way. */
  async idle(): Promise<void> {
    await this.#running;
  }
}
