import type { MikroORM, Options } from '@mikro-orm/core';
import { Kysely } from '@mikro-orm/sql';
import { expect } from 'chai';
import { MysqlDialect } from 'kysely';
import { type Pool, createPool } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { HOSTILE_TEXTS, QUOTING_TEXTS } from '../../../support/hostile-values.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

/** How an application gives MikroORM a client of its own, or makes its connections ready. */
const CLIENTS: Record<string, (pool: Pool) => Partial<Options>> = {
  'a function that makes a dialect of Kysely': (pool) => ({
    driverOptions: () => new MysqlDialect({ pool }),
  }),
  'a dialect of Kysely': (pool) => ({ driverOptions: new MysqlDialect({ pool }) }),
  'a Kysely of its own': (pool) => ({
    driverOptions: new Kysely({ dialect: new MysqlDialect({ pool }) }),
  }),
  'a hook for connections': () => ({ onCreateConnection: async () => {} }),
};

describe('SqlStorage on MySQL or MariaDB through Kysely', () => {
  describeOnMySql(function (server, { driver, mySqlOrm }) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let other: Connection;
    let pool: Pool;
    let orm: MikroORM | null = null;

    beforeEach(async () => {
      database = await server().freshDatabase();
      other = await openMySql(database.url);
      pool = createPool({ uri: database.url, connectionLimit: 2, dateStrings: true });
    });

    afterEach(async () => {
      await other.end();
      await orm?.close(true);
      await database.drop();
    });

    for (const [title, options] of Object.entries(CLIENTS)) {
      it(`writes and reads with ${title}`, async () => {
        orm = await mySqlOrm(database.url, options(pool));
        const storage = new SqlStorage(orm);
        const records = [
          ...HOSTILE_TEXTS.map(([, text]) => text),
          ...QUOTING_TEXTS,
          ...makeRecords(100).map(({ id }) => id),
        ].map((text, index) =>
          makeRecord({ url: text, trackVar: { text }, durationMs: index / 7, weight: 1e21 }),
        );
        await storage.store(records, signal);
        await storage.store(records, signal);
        const found = new Map((await storage.reader.getUsage()).map((record) => [record.id, record]));
        expect(found.size).to.equal(records.length);
        for (const record of records) expect(found.get(record.id)).to.deep.equal(record);
        expect(await storage.salts.claim('2026-03-01', 'salt', signal)).to.equal('salt');
        expect(await storage.deleteBefore(new Date('2100-01-01'), 1000, signal)).to.equal(records.length);
      });
    }

    it('makes its table through a client of its own', async () => {
      const storage = await SqlStorage.connect({
        driver,
        dbName: database.name,
        driverOptions: new MysqlDialect({ pool }),
      });
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    });

    it('commits in a session without autocommit, and cuts nothing in one that is not strict', async () => {
      orm = await mySqlOrm(database.url, { pool: { min: 0, max: 1 }, onCreateConnection: async () => {} });
      await orm.em.getConnection().execute("set session autocommit = 0, sql_mode = 'NO_BACKSLASH_ESCAPES'");
      const storage = new SqlStorage(orm);
      await storage.store([makeRecord({ username: "a'b\\" })], signal);
      const [rows] = await other.query('select username from koa_usage');
      expect(rows).to.deep.equal([{ username: "a'b\\" }]);
      await other.query('alter table koa_usage modify username varchar(4)');
      const error = await caught(storage.store([makeRecord({ username: 'longer' })], signal));
      expect(error).to.include({ code: 'BATCH_REFUSED' });
    });

    it('never has two inserts waiting in the server, however many attempts were given up', async () => {
      orm = await mySqlOrm(database.url, { driverOptions: new MysqlDialect({ pool }) });
      const storage = new SqlStorage(orm);
      const record = makeRecord();
      await storage.store([record], signal);
      await other.query('begin');
      await other.query('update koa_usage set weight = 2');
      const waiting = async (): Promise<number> => {
        const [rows] = await other.query(
          "select 1 from information_schema.processlist where db = database() and id <> connection_id() and info like '%into `koa_usage`%'",
        );
        return (rows as unknown[]).length;
      };
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const abort = new AbortController();
        const storing = caught(storage.store([record], abort.signal));
        await until(async () => (await waiting()) > 0, 'the insert waits for the lock');
        abort.abort(new Error('too slow'));
        expect(await storing).to.include({ code: 'STORAGE_UNAVAILABLE' });
      }
      expect(await waiting()).to.equal(1);
      await other.query('rollback');
      await storage.store([record], signal);
    });
  });
});
