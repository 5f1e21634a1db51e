import { orAbort } from '../../../time/or-abort.js';
import { cancelStatement } from './cancel.js';
import { mayBeEnding } from './errors.js';
import type { NativeClient, PostgresConnection, Statement, StatementRunner } from './native-client.js';

/**
 * Runs statements on pg's own pool, one at a time and on one connection. When nobody waits for the statement any more, its
 * connection is destroyed: nobody knows what state it is in.
 */
export class PoolRunner implements StatementRunner {
  readonly #connection: PostgresConnection;
  /** The statement under way; it is over when its connection has been given back. */
  #running: Promise<void> | null = null;
  /** Whether the pool has been asked for a connection that has not come yet. */
  #isAsking = false;
  #waiter: PromiseWithResolvers<NativeClient> | null = null;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** @inheritdoc */
  async run(statement: Statement, signal: AbortSignal): Promise<void> {
    while (this.#running !== null) await orAbort(this.#running, signal);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running = promise;
    const end = (): void => {
      this.#running = null;
      resolve();
    };
    let client: NativeClient;
    try {
      client = await this.#lease(signal);
    } catch (error) {
      end();
      throw error;
    }
    await execute(client, statement, signal, end);
  }

  /** Waits for a connection. The one that a signal kept us from waiting for is taken by the next statement. */
  async #lease(signal: AbortSignal): Promise<NativeClient> {
    const waiter = Promise.withResolvers<NativeClient>();
    this.#waiter = waiter;
    if (!this.#isAsking) void this.#ask();
    try {
      return await orAbort(waiter.promise, signal);
    } catch (error) {
      if (this.#waiter === waiter) this.#waiter = null;
      else waiter.promise.then(giveBack, () => {});
      throw error;
    }
  }

  /** Asks the pool for a connection, and gives it back if it comes when nobody waits any more. */
  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      const pool = await this.#connection.getNativeClient();
      const client = await pool.connect();
      const waiter = this.#takeWaiter();
      if (waiter === null) giveBack(client);
      else waiter.resolve(client);
    } catch (error) {
      this.#takeWaiter()?.reject(error);
    }
  }

  #takeWaiter(): PromiseWithResolvers<NativeClient> | null {
    this.#isAsking = false;
    const waiter = this.#waiter;
    this.#waiter = null;
    return waiter;
  }
}

/** @param end - called when the connection has been given back, which may be later than the statement rejects */
async function execute(
  client: NativeClient,
  statement: Statement,
  signal: AbortSignal,
  end: () => void,
): Promise<void> {
  let isOver = false;
  const running = client.query(statement).finally(() => {
    isOver = true;
  });
  try {
    await orAbort(running, signal);
  } catch (error) {
    if (!isOver) {
      running.catch(() => {});
      void cancelStatement(client).then(() => {
        client.release(true);
        end();
      });
      throw error;
    }
    client.release(mayBeEnding(error));
    end();
    throw error;
  }
  client.release();
  end();
}

function giveBack(client: NativeClient): void {
  client.release();
}
