import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { cancelStatement } from '../../../../src/backends/sql/mysql/cancel.js';
import { execute, nativePool, takeConnection } from '../../../../src/backends/sql/mysql/native-client.js';
import { caught } from '../../../support/caught.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { TcpProxy } from '../../../support/tcp-proxy.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

describe('SqlStorage giving up a statement of MySQL or MariaDB', () => {
  describeOnMySql(function (server, { connectMySql, mySqlOrm }) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let other: Connection;
    let orm: MikroORM;

    beforeEach(async () => {
      database = await server().freshDatabase();
      orm = await mySqlOrm(database.url, { pool: { min: 0, max: 2 } });
      other = await openMySql(database.url);
    });

    afterEach(async () => {
      await other.end();
      await orm.close(true);
      await database.drop();
    });

    const count = async (sql: string): Promise<number> => {
      const [rows] = await other.query(`select count(*) as n from information_schema.${sql}`);
      return Number((rows as { n: number }[])[0]?.n);
    };
    const waiting = (): Promise<number> =>
      count("processlist where db = database() and id <> connection_id() and info like '%into `koa_usage`%'");
    const sessions = (): Promise<number> => count('processlist where db = database()');

    for (const [title, open] of [
      ['a connection of its own', () => connectMySql(database.url)],
      ["the application's pool", () => Promise.resolve(new SqlStorage(orm))],
    ] as const) {
      it(`never has two inserts waiting in the server, on ${title}`, async () => {
        const storage = await open();
        const record = makeRecord();
        await storage.store([record], signal);
        const before = await sessions();
        await other.query('begin');
        await other.query('update koa_usage set weight = 2');
        for (let attempt = 0; attempt < 5; attempt += 1) {
          const abort = new AbortController();
          const storing = caught(storage.store([record], abort.signal));
          await until(async () => (await waiting()) === 1, 'one insert waits for the lock');
          abort.abort(new Error('too slow'));
          expect(await storing).to.include({ code: 'STORAGE_UNAVAILABLE' });
        }
        await until(async () => (await waiting()) === 0, 'the server was told to give up');
        await until(async () => (await sessions()) <= before, 'its connections are gone');
        await other.query('rollback');
        await storage.store([record], signal);
        expect(await storage.reader.getUsage()).to.deep.equal([record]);
        await storage.close();
      });
    }

    it('goes on where the server cannot be asked', async () => {
      const proxy = await TcpProxy.start(server());
      const storage = await connectMySql(proxy.through(database.url));
      const record = makeRecord();
      await storage.store([record], signal);
      await other.query('begin');
      await other.query('update koa_usage set weight = 2');
      const abort = new AbortController();
      const storing = caught(storage.store([record], abort.signal));
      await until(async () => (await waiting()) === 1, 'the insert waits for the lock');
      proxy.refuse();
      abort.abort(new Error('too slow'));
      expect(await storing).to.include({ code: 'STORAGE_UNAVAILABLE' });
      await other.query('rollback');
      await proxy.accept();
      await storage.store([makeRecord()], signal);
      expect(await storage.reader.countUsage()).to.equal(2);
      await storage.close();
      proxy.close();
    });

    it('leaves alone a session that is doing something else', async () => {
      const connection = await takeConnection(await nativePool(orm));
      await cancelStatement(connection, 'into `koa_usage` (');
      expect(await execute(connection, 'select 1 as one')).to.deep.equal([{ one: 1 }]);
      connection.release();
    });
  });
});
