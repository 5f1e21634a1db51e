import { orAbort } from '../../time/or-abort.js';
import { Mutex } from '../base/mutex.js';

/** How long a statement of ours waits for a lock in the server, in milliseconds. Each dialect tells its server so. */
export const LOCK_WAIT_MS = 5000;

/** How long the server has to answer a statement that is no longer waited for, in milliseconds: longer than for a lock. */
const PATIENCE_MS = LOCK_WAIT_MS + 1000;

/** Calls `work` with a connection. Rejects at once when the signal is aborted, wherever `work` is then. */
export type ConnectionLease<Connection> = <Result>(
  signal: AbortSignal,
  work: (connection: Connection) => Promise<Result>,
) => Promise<Result>;

/**
 * Leases one connection of a pool at a time. A statement that is no longer waited for keeps its connection until the server
 * has answered, and the next statement waits for the answer: there are never two in the server. A connection on which no answer
 * has come after some seconds is lost, and is not given back to the pool.
 *
 * @param take - gets a connection out of the pool
 * @param giveBack - gives it back to the pool, or destroys it, after an error; null stands for none. A connection that has
 *   not answered comes with a `TimeoutError`
 */
export function leaseOf<Connection>(
  take: () => Promise<Connection>,
  giveBack: (connection: Connection, error: unknown) => void,
): ConnectionLease<Connection> {
  const mutex = new Mutex();
  return (signal, work) =>
    mutex.run(signal, async () => {
      const connection = await take();
      if (signal.aborted) giveBack(connection, null);
      signal.throwIfAborted();
      const answer = work(connection);
      const end = orAbort(answer, signal).catch(() =>
        orAbort(answer, AbortSignal.timeout(patienceMs(signal))),
      );
      await end.then(
        () => giveBack(connection, null),
        (error: unknown) => giveBack(connection, error),
      );
      return end;
    });
}

/** A pool that is about to be closed waits for its connections. */
function patienceMs({ reason }: AbortSignal): number {
  return (reason as { code?: unknown } | undefined)?.code === 'STORAGE_CLOSED' ? 0 : PATIENCE_MS;
}
