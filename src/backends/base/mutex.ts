import { orAbort } from '../../time/or-abort.js';

/**
 * Does one task at a time. A task may still hang when nobody waits for it any more. The next task waits for its end all
 * the same, so that a server that no longer answers costs one connection however often it is asked.
 */
export class Mutex {
  /** Ends with the task under way, and never rejects. */
  #running: Promise<void> | null = null;

  /**
   * Begins a task as soon as no other is under way.
   *
   * @param signal - ends the waiting for the turn and for the result; a task that has begun goes on
   * @throws the signal's reason as soon as the signal is aborted, or the task's own error
   */
  async run<Value>(signal: AbortSignal, begin: () => Promise<Value>): Promise<Value> {
    while (this.#running !== null) await orAbort(this.#running, signal);
    signal.throwIfAborted();
    const task = begin();
    const end = (): void => {
      this.#running = null;
    };
    this.#running = task.then(end, end);
    return orAbort(task, signal);
  }

  /** Waits for the end of the task under way. */
  async idle(): Promise<void> {
    await this.#running;
  }
}
