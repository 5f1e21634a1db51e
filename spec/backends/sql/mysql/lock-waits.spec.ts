import type { MikroORM } from '@mikro-orm/core';
import { MySqlDriver } from '@mikro-orm/mysql';
import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { itAtOnce } from '../../../support/it-at-once.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord } from '../../../support/records.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

/** How others keep an insert waiting, and how they let it go. */
const LOCKS = {
  'of a row': ['begin; update koa_usage set weight = 2', 'rollback'],
  'of the table': ['lock tables koa_usage write', 'unlock tables'],
  'of a transaction that a change of the table waits for': [
    'begin; select count(*) from koa_usage',
    'rollback',
  ],
} as const;

/** A database, an application, and two programs beside it: one that holds locks, and one that watches. */
interface Scene {
  readonly url: string;
  readonly orm: MikroORM;
  readonly other: Connection;
  readonly watcher: Connection;
}

async function run({ other }: Scene, statements: string): Promise<void> {
  for (const sql of statements.split('; ')) await other.query(sql);
}

async function count({ watcher }: Scene, condition: string): Promise<number> {
  const [rows] = await watcher.query(
    `select count(*) as n from information_schema.processlist where db = database() and ${condition}`,
  );
  return Number((rows as { n: number }[])[0]?.n);
}

/** Inserts that the server is busy with, or waits for a lock with. */
function waiting(scene: Scene): Promise<number> {
  return count(scene, "id <> connection_id() and info like '%into `koa_usage`%'");
}

/** What a connection of the pool is not that waits for its next statement. */
const BUSY = "command <> 'Sleep'";

async function neverHasTwoInserts(scene: Scene, storage: SqlStorage): Promise<void> {
  const record = makeRecord();
  await storage.store([record], signal);
  const before = await count(scene, BUSY);
  await run(scene, LOCKS['of a row'][0]);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const abort = new AbortController();
    const storing = caught(storage.store([record], abort.signal));
    await until(async () => (await waiting(scene)) === 1, 'one insert waits for the lock');
    abort.abort(new Error('too slow'));
    expect((await storing).message).to.contain('too slow');
  }
  await until(async () => (await waiting(scene)) === 0, 'the server gives up by itself', 50);
  expect(await count(scene, BUSY)).to.equal(before);
  await run(scene, LOCKS['of a row'][1]);
  await storage.store([record], signal);
  expect(await storage.reader.getUsage()).to.deep.equal([record]);
  await storage.close();
}

async function givesUp(scene: Scene, [lock, unlock]: readonly [string, string]): Promise<void> {
  const { orm, watcher } = scene;
  const storage = new SqlStorage(orm);
  await storage.store([makeRecord()], signal);
  const settings = 'select @@lock_wait_timeout, @@innodb_lock_wait_timeout, @@sql_mode';
  const before = await orm.em.getConnection().execute(settings);
  await run(scene, lock);
  const altering =
    lock.includes('select') && watcher.query('alter table koa_usage add column other int').catch(() => {});
  if (altering !== false) {
    await until(async () => {
      const [rows] = await scene.other.query(
        "select 1 from information_schema.processlist where db = database() and state like '%metadata lock%'",
      );
      return (rows as unknown[]).length > 0;
    }, 'the change waits');
  }
  const error = await caught(storage.store([makeRecord()], signal));
  expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
  expect(error.message).to.match(/Lock wait timeout exceeded/);
  await run(scene, unlock);
  await altering;
  await storage.store([makeRecord()], signal);
  expect(await storage.reader.countUsage()).to.equal(2);
  expect(await orm.em.getConnection().execute(settings)).to.deep.equal(before);
}

describe('SqlStorage waiting for a lock of MySQL or MariaDB', () => {
  describeOnMySql(function (server, { connectMySql, driver, mySqlOrm }) {
    this.timeout(30_000);

    async function withScene(body: (scene: Scene) => Promise<void>): Promise<void> {
      const database = await server().freshDatabase();
      const { url } = database;
      const orm = await mySqlOrm(url, { pool: { min: 0, max: 1 } });
      // MySQL cannot be told for one statement, so that the application's session decides.
      if (driver === MySqlDriver) await orm.em.getConnection().execute('set innodb_lock_wait_timeout = 5');
      const [other, watcher] = [await openMySql(url), await openMySql(url)];
      try {
        await body({ url, orm, other, watcher });
      } finally {
        await other.end();
        await watcher.end();
        await orm.close(true);
        await database.drop();
      }
    }

    const giving = Object.entries(LOCKS).map(([title, lock]) => [
      `gives up a lock ${title} after some seconds, and leaves the application's session as it was`,
      () => withScene((scene) => givesUp(scene, lock)),
    ]);

    itAtOnce({
      'never has two inserts in the server, and leaves none there, on a connection of its own': () =>
        withScene(async (scene) => neverHasTwoInserts(scene, await connectMySql(scene.url))),
      "never has two inserts in the server, and leaves none there, on the application's pool": () =>
        withScene((scene) => neverHasTwoInserts(scene, new SqlStorage(scene.orm))),
      ...Object.fromEntries(giving),
    });
  });
});
