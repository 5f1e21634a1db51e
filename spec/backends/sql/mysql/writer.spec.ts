import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';
import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { SqlStorage, Usage } from '../../../../src/backends/sql/index.js';
import { nativePool, takeConnection } from '../../../../src/backends/sql/mysql/native-client.js';
import { InsertStatements } from '../../../../src/backends/sql/mysql/statements.js';
import { findUsageTable } from '../../../../src/backends/sql/usage-table.js';
import { caught } from '../../../support/caught.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { until } from '../../../support/until.js';
import { TcpProxy } from '../../../support/tcp-proxy.js';

const { signal } = new AbortController();

describe('SqlStorage writing MySQL or MariaDB', () => {
  describeOnMySql(function (server, { connectMySql, mySqlOrm }) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let orm: MikroORM;
    let other: Connection;
    let storage: SqlStorage;

    beforeEach(async () => {
      database = await server().freshDatabase();
      orm = await mySqlOrm(database.url, { pool: { min: 0, max: 1 } });
      other = await openMySql(database.url);
      storage = new SqlStorage(orm);
    });

    afterEach(async () => {
      await other.end();
      await orm.close(true);
      await database.drop();
    });

    const stored = async (): Promise<number> => {
      const [rows] = await other.query('select count(*) as n from koa_usage');
      return Number((rows as { n: number }[])[0]?.n);
    };

    it('refuses what its column would cut, in a session that is not strict, which stays so', async () => {
      await orm.em.getConnection().execute("set session sql_mode = ''");
      await other.query('alter table koa_usage modify username varchar(3)');
      const error = await caught(storage.store(makeRecords(3, { username: 'adam' }), signal));
      expect(error).to.include({ code: 'BATCH_REFUSED' });
      expect(error.message).to.match(/Data too long for column 'username'/);
      expect(await stored()).to.equal(0);
      const [mode] = await orm.em.getConnection().execute<{ mode: string }[]>('select @@sql_mode as mode');
      expect(mode?.mode).to.equal('');
    });

    it('says nothing that the next version of the server drops', async () => {
      const statements = new InsertStatements(orm, findUsageTable(orm));
      await other.prepare(statements.text(1));
      const [warnings] = await other.query('show warnings');
      expect(JSON.stringify(warnings)).to.not.match(/deprecated|removed/);
    });

    it('does not take a record for stored that meets another unique key', async () => {
      await other.query('alter table koa_usage add unique (visitor)');
      await storage.store([makeRecord({ visitor: 'v' })], signal);
      const error = await caught(storage.store([makeRecord({ visitor: 'v' })], signal));
      expect(error).to.include({ code: 'BATCH_REFUSED' });
      expect(error.message).to.include('another unique key than id');
      expect(await stored()).to.equal(1);
    });

    it('refuses a record that a constraint forbids', async () => {
      await other.query("alter table koa_usage add constraint c check (username <> 'mallory')");
      const error = await caught(storage.store(makeRecords(3, { username: 'mallory' }), signal));
      expect(error).to.include({ code: 'BATCH_REFUSED' });
    });

    it('says what to run when the table is missing, and writes when it is there again', async () => {
      await storage.store([makeRecord()], signal);
      await other.query('rename table koa_usage to elsewhere');
      const error = await caught(storage.store([makeRecord()], signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('run the migrations');
      await other.query('rename table elsewhere to koa_usage');
      await storage.store([makeRecord()], signal);
      expect(await stored()).to.equal(2);
    });

    it('names the right that is missing, and no password', async () => {
      const user = `w_${database.name.slice(-12)}`;
      await other.query(`create user '${user}'@'%' identified by 'pA55word'`);
      await other.query(`grant select, insert on \`${database.name}\`.* to '${user}'@'%'`);
      const url = new URL(database.url);
      Object.assign(url, { username: user, password: 'pA55word' });
      const own = await connectMySql(url.href);
      const error = await caught(own.store([makeRecord()], signal));
      await storage.store([makeRecord()], signal);
      const deletion = await caught(own.deleteBefore(new Date('2027-01-01'), 1, signal));
      await own.close();
      await other.query(`drop user '${user}'@'%'`);
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message)
        .to.match(/GRANT SELECT, INSERT, UPDATE/)
        .and.not.include('pA55word');
      expect(deletion).to.include({ code: 'STORAGE_SETUP' });
      expect(deletion.message).to.include('grant select and delete').and.not.include('pA55word');
    });

    it('keeps its records when the application rolls back, once the pool has a connection', async () => {
      let storing: Promise<unknown> = Promise.resolve();
      const transaction = orm.em.fork().transactional(async (em) => {
        await em.getConnection().execute('select 1', [], 'all', em.getTransactionContext());
        storing = storage.store(makeRecords(2), signal);
        throw new Error('changed my mind');
      });
      expect((await caught(transaction)).message).to.equal('changed my mind');
      await storing;
      expect(await stored()).to.equal(2);
    });

    it('stops waiting for an exhausted pool with the signal, and gives back what comes too late', async () => {
      const held = await takeConnection(await nativePool(orm));
      const abort = new AbortController();
      const first = caught(storage.store(makeRecords(2), abort.signal));
      const second = caught(storage.store(makeRecords(2), abort.signal));
      abort.abort(new Error('too slow'));
      expect(await first).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(await second).to.include({ code: 'STORAGE_UNAVAILABLE' });
      held.release();
      await storage.store(makeRecords(1), signal);
      expect(await stored()).to.equal(1);
    });

    it('rejects at once when it is aborted while it waits for a lock, and leaves one row an id', async () => {
      const record = makeRecord();
      await other.query('lock tables koa_usage write');
      const abort = new AbortController();
      const storing = caught(storage.store([record], abort.signal));
      const isWaiting = async (): Promise<boolean> => {
        const [rows] = await other.query(
          "select 1 from information_schema.processlist where state like 'Waiting%' and db = database()",
        );
        return (rows as unknown[]).length > 0;
      };
      while (!(await isWaiting()));
      abort.abort(new Error('too slow'));
      expect((await storing).message).to.include('too slow');
      await other.query('unlock tables');
      await storage.store([record], signal);
      expect(await stored()).to.equal(1);
    });

    it('lets go of a connection on which nothing is heard any more, so that the process can end', async () => {
      const proxy = await TcpProxy.start(server());
      const application = await mySqlOrm(proxy.through(database.url), { pool: { min: 0, max: 1 } });
      const stranded = new SqlStorage(application);
      const connection = await takeConnection(await nativePool(application));
      connection.release();
      proxy.strand();
      const storing = caught(stranded.store([makeRecord()], signal));
      await nextTurn();
      await stranded.close();
      await storing;
      const socket = connection.stream as Socket;
      await until(() => socket.destroyed, 'its socket is closed');
      await application.close(true);
      proxy.close();
    });

    it('commits in a session without autocommit', async () => {
      await orm.em.getConnection().execute('set session autocommit = 0');
      await storage.store(makeRecords(300), signal);
      expect(await stored()).to.equal(300);
    });

    it('writes UTC in a session of another zone', async () => {
      await orm.em.getConnection().execute("set session time_zone = '-07:00'");
      const record = makeRecord();
      await storage.store([record], signal);
      const [rows] = await other.query("select date_format(date, '%Y-%m-%d %T.%f') as d from koa_usage");
      expect(rows).to.deep.equal([{ d: '2026-03-01 12:00:00.123000' }]);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
    });

    it('finds dates by the index, and alike by MikroORM itself', async () => {
      const records = makeRecords(3);
      await storage.store(records, signal);
      const em = orm.em.fork();
      const date = records[1]?.date ?? new Date(0);
      expect(await em.count(Usage, { date, username: 'ada' })).to.equal(1);
      expect(await em.count(Usage, { date: { $lte: date } })).to.equal(2);
      expect((await em.find(Usage, { date }))[0]?.date).to.deep.equal(date);
      const sql = (em as SqlEntityManager)
        .qb(Usage)
        .where({ date: { $lt: new Date(0) } })
        .getFormattedQuery();
      const [plan] = await other.query(`explain format=traditional ${sql}`);
      expect((plan as { key: string }[])[0]?.key).to.equal('koa_usage_date_id_index');
    });

    it('splits a batch that is larger than a packet', async () => {
      await other.query('set @before = @@global.max_allowed_packet');
      await other.query('set global max_allowed_packet = 1048576');
      const own = await connectMySql(database.url, { tableName: 'small' });
      try {
        await own.store(makeRecords(256, { url: '😀'.repeat(2048) }), signal);
        expect(await own.reader.getUsage()).to.have.lengthOf(256);
      } finally {
        await own.close();
        await other.query('set global max_allowed_packet = @before');
      }
    });
  });
});
