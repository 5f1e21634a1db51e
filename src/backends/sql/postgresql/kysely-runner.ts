import type { MikroORM } from '@mikro-orm/core';
import { Mutex } from '../../mikro-orm/mutex.js';
import { rawQuery } from '../kysely.js';
import {
  type PostgresConnection,
  postgresConnection,
  type Statement,
  type StatementRunner,
} from './native-client.js';

/**
 * Runs statements through MikroORM's Kysely, one at a time. A statement that nobody waits for any more keeps its connection
 * until the server answers; the next one waits for that, so that there is never a second.
 */
export class KyselyRunner implements StatementRunner {
  readonly #connection: PostgresConnection;
  readonly #mutex = new Mutex();

  constructor(orm: MikroORM) {
    this.#connection = postgresConnection(orm);
  }

  /** @inheritdoc */
  async run(statement: Statement, signal: AbortSignal): Promise<void> {
    await this.#mutex.run(signal, () => this.#execute(statement, signal));
  }

  async #execute({ text, values }: Statement, signal: AbortSignal): Promise<void> {
    const kysely = this.#connection.getClient();
    await kysely.connection().execute(async (db) => {
      // The connection may have taken long to get, and nobody may be waiting any more.
      signal.throwIfAborted();
      await db.executeQuery(rawQuery(text, values));
    });
  }
}
