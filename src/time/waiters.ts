/** Those who wait until so many records are stored or dropped. */
export class Waiters {
  #waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];

  /** Resolves when `release` is called with as many. */
  wait(upTo: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ upTo, resolve });
    });
  }

  /**
   * Lets those go whose records are settled.
   *
   * @param settled - records that are stored or dropped; `Infinity` lets all go
   */
  release(settled: number): void {
    if (this.#waiting.length === 0) return;
    const released = this.#waiting.filter(({ upTo }) => settled >= upTo);
    this.#waiting = this.#waiting.filter(({ upTo }) => settled < upTo);
    for (const { resolve } of released) resolve();
  }
}
