import { type Constructor, type IDatabaseDriver, MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';
import { SqlStorage, Usage } from '../../src/backends/sql/index.js';
import type { Application, FaultEngine, Writer } from './fault-engine.js';

/** Runs statements on a connection of the plain driver's, and answers the rows of the last one. */
export type Query = (url: string, ...statements: readonly string[]) => Promise<Record<string, unknown>[]>;

/** What every SQL server does alike. */
export function sqlEngine(driver: Constructor<IDatabaseDriver>, query: Query) {
  return {
    connect: (url: string): Promise<SqlStorage> => SqlStorage.connect({ driver, clientUrl: url }),
    ids: async (url) =>
      (await query(url, 'select id from koa_usage order by id')).map(({ id }) => String(id)),
    dropTable: async (url) => void (await query(url, 'drop table koa_usage')),
  } satisfies Partial<FaultEngine>;
}

/**
 * An application that shares its MikroORM with a storage.
 *
 * @param waitingIn - how many wait for a connection of the pool of the driver's client
 */
export async function sqlApplication(
  driver: Constructor<IDatabaseDriver>,
  url: string,
  connections: number,
  waitingIn: (pool: unknown) => number,
): Promise<Application> {
  const orm = await MikroORM.init({
    driver,
    clientUrl: url,
    entities: [Usage],
    ensureDatabase: false,
    pool: { min: 0, max: connections },
    logger: () => {},
  });
  await orm.schema.create();
  const connection = orm.em.getConnection('write') as unknown as { getNativeClient(): Promise<unknown> };
  const pool = await connection.getNativeClient();
  return {
    storage: new SqlStorage(orm),
    close: () => orm.close(true),
    exhaust: () => exhaust(orm, connections),
    waiting: () => waitingIn(pool),
    work: async () => void (await orm.em.fork().getConnection().execute('select 1')),
  };
}

/** Takes all connections of a pool by transactions, as an application does that is busy. */
async function exhaust(orm: MikroORM, connections: number): Promise<() => Promise<void>> {
  const managers = Array.from({ length: connections }, () => orm.em.fork() as unknown as SqlEntityManager);
  for (const em of managers) {
    await em.begin();
    await em.execute('select 1');
  }
  return async () => {
    for (const em of managers) await em.commit();
  };
}

/** The statements with which a server has users. */
interface Users {
  readonly query: Query;
  /** What a writer has to be allowed to do. */
  readonly rights: string;
  readonly create: (user: string, password: string) => string;
  readonly changePassword: (url: string, user: string, password: string) => Promise<void>;
}

/** What a writer has to be allowed to do with the table of summaries. */
const SUMMARY_RIGHTS = 'select, insert, delete';

/** Makes a user who may write to the table and keep its summaries, and no more. Only the right to write is taken away. */
export async function makeSqlWriter(
  url: string,
  user: string,
  { query, rights, create, changePassword }: Users,
): Promise<Writer> {
  const password = 'first';
  const grant = async (): Promise<void> => void (await query(url, `grant ${rights} on koa_usage to ${user}`));
  await query(url, create(user, password), `grant ${SUMMARY_RIGHTS} on koa_usage_summary to ${user}`);
  await grant();
  return {
    url: url.replace(/\/\/[^@/]*@/, `//${user}:${password}@`),
    password,
    grant,
    revoke: async () => void (await query(url, `revoke ${rights} on koa_usage from ${user}`)),
    changePassword: (changed) => changePassword(url, user, changed),
  };
}

/**
 * Inserts a row with no more than an id and what is not null.
 *
 * @param authorization - the name of the column, a reserved word, as the server wants it
 */
export function insertRow(id: string, authorization: string): string {
  return (
    `insert into koa_usage (id, date, duration_ms, server_name, method, url, path, aborted, ${authorization}, bot, weight) ` +
    `values ('${id}', now(), 1, '', '', '', '', false, false, false, 1)`
  );
}
