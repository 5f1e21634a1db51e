import { type MikroORM, RequestContext } from '@mikro-orm/core';
import { orAbort } from '../../or-abort.js';
import { type PostgresConnection, type Statement, postgresConnection } from './native-client.js';
import type { StatementRunner } from './statement-runner.js';

/** The hooks of MikroORM that make a connection ready before it is used. */
const HOOKS = ['onCreateConnection', 'onReserveConnection'] as const;

/**
 * Whether the application has its connections made ready by MikroORM, or has given it a client of another kind: then its
 * pool cannot be used behind MikroORM's back.
 */
export function needsKysely(orm: MikroORM): boolean {
  const { config } = orm;
  const driverOptions: unknown = config.get('driverOptions');
  return (
    HOOKS.some((hook) => config.get(hook) !== undefined) ||
    (config.get('sessionContext') as unknown) === 'connection' ||
    typeof driverOptions === 'function' ||
    (typeof driverOptions === 'object' && driverOptions !== null && 'createDriver' in driverOptions)
  );
}

/**
 * Runs statements through MikroORM's Kysely, one at a time. A statement that nobody waits for any more keeps its connection
 * until the server answers; the next one waits for that, so that there is never a second.
 */
export class KyselyRunner implements StatementRunner {
  readonly #orm: MikroORM;
  readonly #connection: PostgresConnection;
  #running: Promise<void> | null = null;

  constructor(orm: MikroORM) {
    this.#orm = orm;
    this.#connection = postgresConnection(orm);
  }

  /** @inheritdoc */
  async run(statement: Statement, signal: AbortSignal): Promise<void> {
    while (this.#running !== null) await orAbort(this.#running, signal);
    // Whoever made the request that set off this batch has no part in it: its session context is not ours.
    const work = RequestContext.create(this.#orm.em, () => this.#execute(statement, signal));
    this.#running = work
      .catch(() => {})
      .finally(() => {
        this.#running = null;
      });
    await orAbort(work, signal);
  }

  async #execute({ text, values }: Statement, signal: AbortSignal): Promise<void> {
    const kysely = this.#connection.getClient();
    await kysely.connection().execute(async (db) => {
      // The connection may have taken long to get, and nobody may be waiting any more.
      signal.throwIfAborted();
      await db.executeQuery(compiled(text, values));
    });
  }
}

/** What Kysely's `CompiledQuery.raw` makes; Kysely is MikroORM's dependency, not ours. */
function compiled(sql: string, parameters: readonly unknown[]): never {
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] };
  return { sql, query, parameters, queryId: { queryId: 'koa-track-usage' } } as never;
}
