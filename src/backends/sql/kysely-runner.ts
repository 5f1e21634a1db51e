import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { Mutex } from '../mikro-orm/mutex.js';

/**
 * Runs statements through MikroORM's Kysely, whatever client is behind that: one at a time, and each in a transaction of its
 * own, as sessions without autocommit would begin one and never end it. A statement that is no longer waited for keeps its
 * connection until the server has answered; the next statement waits for that, so that there are never two.
 */
export class KyselyRunner {
  readonly #orm: MikroORM;
  readonly #mutex = new Mutex();

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** Runs a statement. Rejects at once when the signal is aborted. */
  async run(text: string, parameters: readonly unknown[], signal: AbortSignal): Promise<void> {
    await this.#mutex.run(signal, () => this.#execute(text, parameters, signal));
  }

  async #execute(text: string, parameters: readonly unknown[], signal: AbortSignal): Promise<void> {
    const connection = this.#orm.em.getConnection('write') as unknown as AbstractSqlConnection;
    await connection.ensureConnection();
    await connection
      .getClient()
      .transaction()
      .execute(async (transaction) => {
        // The connection may have taken long to get, and the statement may no longer be waited for.
        signal.throwIfAborted();
        await transaction.executeQuery(rawQuery(text, parameters));
      });
  }
}

/** A statement as Kysely runs it: what `CompiledQuery.raw` makes; Kysely is MikroORM's dependency, not ours. */
function rawQuery(sql: string, parameters: readonly unknown[]): never {
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] };
  return { sql, query, parameters, queryId: { queryId: 'koa-track-usage' } } as never;
}
