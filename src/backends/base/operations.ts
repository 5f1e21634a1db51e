import { TrackUsageError } from '../../errors.js';

/** The operations of one owner. Each ends when nobody waits for it any more, or when the owner closes. */
export class Operations {
  readonly #running = new Map<Promise<unknown>, AbortController>();
  #closed: { readonly reason: Error } | null = null;
  readonly #assertPossible: () => void;

  /** @param assertPossible - throws where no operation may begin. @default one may always */
  constructor(assertPossible = (): void => {}) {
    this.#assertPossible = assertPossible;
  }

  /**
   * Begins an operation.
   *
   * @param begin - gets a signal that is aborted as soon as `signal` is, or as the owner closes
   * @throws the error of `assertPossible`
   */
  async run<Result>(signal: AbortSignal, begin: (combined: AbortSignal) => Promise<Result>): Promise<Result> {
    if (this.#closed === null) this.#assertPossible();
    // AbortSignal.any would tie each operation to a signal that lives as long as the owner, for finalizers to clean up.
    const combined = new AbortController();
    const follow = (): void => combined.abort(signal.reason);
    if (this.#closed !== null) combined.abort(this.#closed.reason);
    else if (signal.aborted) follow();
    else signal.addEventListener('abort', follow, { once: true });
    const operation = begin(combined.signal);
    this.#running.set(operation, combined);
    try {
      return await operation;
    } finally {
      this.#running.delete(operation);
      signal.removeEventListener('abort', follow);
    }
  }

  /** Ends the operations under way, and each that is begun from now on. */
  close(reason: Error): void {
    this.#closed ??= { reason };
    for (const combined of this.#running.values()) combined.abort(reason);
  }

  /** Waits for the end of the operations under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running.keys());
  }
}

/**
 * The error of a storage, or of something that the storage has handed out, that is used after `close()`.
 *
 * @param storage - the storage's name
 */
export function storageClosed(storage: string): TrackUsageError {
  return new TrackUsageError('STORAGE_CLOSED', `The storage '${storage}' was used after close().`);
}

/**
 * Asks whether an ORM has been closed: MikroORM would open it again, and nobody would close it, which keeps the process alive.
 *
 * @throws {TrackUsageError} `STORAGE_CLOSED` if it has been
 */
export function assertOpen(em: { getConnection(type: 'write'): unknown }): void {
  // Closing empties the connection's options, and no other trace tells a closed connection from one that is yet to be made.
  const { connected, options } = em.getConnection('write') as {
    readonly connected: boolean;
    readonly options: object;
  };
  if (connected || Object.keys(options).some((name) => name !== 'name')) return;
  throw connectionClosed('MikroORM');
}

/**
 * The error of a storage whose connection was closed before it.
 *
 * @param connection - the application's, as the application calls it
 */
export function connectionClosed(connection: 'MikroORM' | 'MongoClient'): TrackUsageError {
  return new TrackUsageError(
    'STORAGE_CLOSED',
    `The application's ${connection} was closed before the tracker, and is not opened again. Close the tracker first: await ` +
      `tracker.close(), then ${connection === 'MikroORM' ? 'orm' : 'client'}.close().`,
  );
}
