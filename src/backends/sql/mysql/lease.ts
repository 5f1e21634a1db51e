import { orAbort } from '../../../time/or-abort.js';
import { cancelStatement } from './cancel.js';
import { type NativeConnection, type NativePool, takeConnection } from './native-client.js';

/**
 * One connection of a pool at a time. Whoever waits for it stops waiting when the signal says so; the pool is
 * asked again only when its last connection has come and gone, so that nothing piles up there, nor in the server.
 */
export class ConnectionLease {
  readonly #pool: () => Promise<NativePool>;
  readonly #statementText: string;
  /** Resolves when the connection before is back. */
  #free: Promise<void> = Promise.resolve();

  /** @param statementText - what all statements have near their beginning, and those of others have not */
  constructor(pool: () => Promise<NativePool>, statementText: string) {
    this.#pool = pool;
    this.#statementText = statementText;
  }

  /**
   * Calls `work` with a connection. When the signal is aborted it rejects at once: a connection that is at work is
   * destroyed, as nobody knows its state, and its statement cancelled before the next one begins; one that comes too
   * late is given back.
   */
  async use<Result>(
    signal: AbortSignal,
    work: (connection: NativeConnection) => Promise<Result>,
  ): Promise<Result> {
    const before = this.#free;
    const done = Promise.withResolvers<void>();
    this.#free = done.promise;
    const working = before.then(() => this.#work(signal, work)).finally(() => done.resolve());
    return orAbort(working, signal);
  }

  async #work<Result>(
    signal: AbortSignal,
    work: (connection: NativeConnection) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const connection = await takeConnection(await this.#pool());
    if (signal.aborted) {
      connection.release();
      signal.throwIfAborted();
    }
    const cut = Promise.withResolvers<never>();
    const destroy = (): void => {
      connection.destroy();
      // A connection that is destroyed answers no more.
      cut.reject(signal.reason as Error);
    };
    signal.addEventListener('abort', destroy, { once: true });
    try {
      const result = await Promise.race([work(connection), cut.promise]);
      connection.release();
      return result;
    } catch (error) {
      if (signal.aborted) await cancelStatement(connection, this.#statementText);
      else if ((error as { fatal?: unknown }).fatal === true) connection.destroy();
      else connection.release();
      throw error;
    } finally {
      signal.removeEventListener('abort', destroy);
    }
  }
}
