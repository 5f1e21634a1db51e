import type { MikroORM } from '@mikro-orm/core';
import { MySqlDriver } from '@mikro-orm/mysql';
import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
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

describe('SqlStorage waiting for a lock of MySQL or MariaDB', () => {
  describeOnMySql(function (server, { connectMySql, driver, mySqlOrm }) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let other: Connection;
    let watcher: Connection;
    let orm: MikroORM;

    beforeEach(async () => {
      database = await server().freshDatabase();
      orm = await mySqlOrm(database.url, { pool: { min: 0, max: 1 } });
      // MySQL cannot be told for one statement, so that the application's session decides.
      if (driver === MySqlDriver) await orm.em.getConnection().execute('set innodb_lock_wait_timeout = 5');
      [other, watcher] = [await openMySql(database.url), await openMySql(database.url)];
    });

    afterEach(async () => {
      await other.end();
      await watcher.end();
      await orm.close(true);
      await database.drop();
    });

    const count = async (sql: string): Promise<number> => {
      const [rows] = await watcher.query(`select count(*) as n from information_schema.${sql}`);
      return Number((rows as { n: number }[])[0]?.n);
    };
    const waiting = (): Promise<number> =>
      count("processlist where db = database() and id <> connection_id() and info like '%into `koa_usage`%'");
    const sessions = (): Promise<number> => count('processlist where db = database()');
    const run = async (statements: string): Promise<void> => {
      for (const sql of statements.split('; ')) await other.query(sql);
    };

    for (const [title, open] of [
      ['a connection of its own', () => connectMySql(database.url)],
      ["the application's pool", () => Promise.resolve(new SqlStorage(orm))],
    ] as const) {
      it(`never has two inserts in the server, and leaves none there, on ${title}`, async () => {
        const storage = await open();
        const record = makeRecord();
        await storage.store([record], signal);
        const before = await sessions();
        await run(LOCKS['of a row'][0]);
        for (let attempt = 0; attempt < 5; attempt += 1) {
          const abort = new AbortController();
          const storing = caught(storage.store([record], abort.signal));
          await until(async () => (await waiting()) === 1, 'one insert waits for the lock');
          abort.abort(new Error('too slow'));
          expect(await storing).to.include({ code: 'STORAGE_UNAVAILABLE' });
        }
        await until(async () => (await waiting()) === 0, 'the server gives up by itself', 50);
        expect(await sessions()).to.equal(before);
        await run(LOCKS['of a row'][1]);
        await storage.store([record], signal);
        expect(await storage.reader.getUsage()).to.deep.equal([record]);
        await storage.close();
      });
    }

    for (const [title, [lock, unlock]] of Object.entries(LOCKS)) {
      it(`gives up a lock ${title} after some seconds, and leaves the application's session as it was`, async () => {
        const storage = new SqlStorage(orm);
        await storage.store([makeRecord()], signal);
        const settings = 'select @@lock_wait_timeout, @@innodb_lock_wait_timeout, @@sql_mode';
        const before = await orm.em.getConnection().execute(settings);
        await run(lock);
        const altering =
          lock.includes('select') &&
          watcher.query('alter table koa_usage add column other int').catch(() => {});
        if (altering !== false) {
          await until(async () => {
            const [rows] = await other.query('show processlist');
            return (rows as { State: string | null }[]).some(({ State }) =>
              /metadata lock/.test(State ?? ''),
            );
          }, 'the change waits');
        }
        const error = await caught(storage.store([makeRecord()], signal));
        expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
        expect(error.message).to.match(/Lock wait timeout exceeded/);
        await run(unlock);
        await altering;
        await storage.store([makeRecord()], signal);
        expect(await storage.reader.countUsage()).to.equal(2);
        expect(await orm.em.getConnection().execute(settings)).to.deep.equal(before);
      });
    }
  });
});
