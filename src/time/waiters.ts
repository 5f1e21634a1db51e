/** Promises that wait until so many records are settled. */
export class Waiters {
  #waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];

  /** Resolves when `release` is called with `upTo` or more. */
  wait(upTo: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ upTo, resolve });
    });
  }

  /**
   * Resolves the promises whose records are settled.
   *
   * @param settled - records that are stored or dropped; `Infinity` resolves all promises
   */
  release(settled: number): void {
    if (this.#waiting.length === 0) return;
    const released = this.#waiting.filter(({ upTo }) => settled >= upTo);
    this.#waiting = this.#waiting.filter(({ upTo }) => settled < upTo);
    for (const { resolve } of released) resolve();
  }
}
