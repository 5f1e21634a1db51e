/** Works of one owner. Each ends when nobody waits for it any more, or when the owner closes. */
export class Works {
  readonly #running = new Map<Promise<unknown>, AbortController>();
  #closed: { readonly reason: Error } | null = null;

  /**
   * Begins a work.
   *
   * @param begin - is given a signal that is aborted as soon as `signal` is, or the owner closes
   */
  async run<Result>(signal: AbortSignal, begin: (either: AbortSignal) => Promise<Result>): Promise<Result> {
    // AbortSignal.any would leave each of these with a signal that lives as long as the owner, for finalizers to clean up.
    const either = new AbortController();
    const follow = (): void => either.abort(signal.reason);
    if (this.#closed !== null) either.abort(this.#closed.reason);
    else if (signal.aborted) follow();
    else signal.addEventListener('abort', follow, { once: true });
    const work = begin(either.signal);
    this.#running.set(work, either);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
      signal.removeEventListener('abort', follow);
    }
  }

  /** Ends what is under way, and whatever is begun from now on. */
  close(reason: Error): void {
    this.#closed ??= { reason };
    for (const either of this.#running.values()) either.abort(reason);
  }

  /** Waits for the end of what is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running.keys());
  }
}
