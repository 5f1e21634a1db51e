import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage } from '../../src/backends/sql/index.js';
import type { ReadableUsageStorage } from '../../src/storage/usage-storage.js';
import { caught } from '../support/caught.js';
import { describeOn } from '../support/describe-on.js';
import { connectMongo } from '../support/mongo.js';
import { describeOnMySql } from '../support/mysql.js';
import { connectPostgres, initPostgresOrm } from '../support/postgresql.js';
import { DAY_MS, HOUR_MS, keepFor } from '../support/pruned.js';
import { makeRecord } from '../support/records.js';
import { applicationOrm } from '../support/sqlite.js';
import { until } from '../support/until.js';

const { signal } = new AbortController();

/** Retention in a storage whose records are a year old, by a clock that is ahead, and after it was set right. */
async function keepsRecords(open: () => Promise<ReadableUsageStorage>): Promise<void> {
  const writer = await open();
  const storage = await open();
  expect(storage).to.have.property('now').that.is.a('function');
  const [old, young] = [400, 10].map((days) => makeRecord({ date: new Date(Date.now() - days * DAY_MS) }));
  await writer.store([old, young] as never, signal);
  // As long as a process may store further records of a day, nothing of that day is deleted.
  await writer.close?.();
  const { tracker, clock, failures } = keepFor(365, storage);
  const aheadMs = Date.now() - clock.now();
  clock.setByMs = aheadMs + 400 * DAY_MS;
  await clock.advance(0);
  await until(() => tracker.stats().retention?.failures === 1, 'nothing is deleted');
  expect(failures[0]).to.include('Set the wrong one right');
  clock.setByMs = aheadMs;
  await clock.advance(HOUR_MS);
  await until(
    async () => (await clock.advance(100)) === undefined && tracker.stats().retention?.lastRunAt !== null,
    'the old record is deleted',
  );
  expect(await storage.reader.getUsage()).to.deep.equal([young]);
  const closing = tracker.close();
  await until(
    async () => (await clock.advance(100)) === undefined && clock.pendingTimers === 0,
    'it is closed',
  );
  await closing;
}

describe("The database's clock", () => {
  it('is none where the database is a file', async () => {
    const orm = await applicationOrm({ driver: SqliteDriver });
    expect(new SqlStorage(orm).now).to.equal(undefined);
    await orm.close(true);
  });

  describeOn('postgresql', (server) => {
    it('keeps records from a process whose clock is wrong', async () => {
      const database = await server().freshDatabase();
      await keepsRecords(() => connectPostgres(database));
      await database.drop();
    });

    it('tells an outage and a closed storage from the time', async () => {
      const database = await server().freshDatabase();
      const orm = await initPostgresOrm(database);
      const storage = new SqlStorage(orm);
      expect(await storage.now?.(signal)).to.be.a('date');
      await storage.close();
      expect(await caught(storage.now?.(signal) as Promise<Date>)).to.include({ code: 'STORAGE_CLOSED' });
      await orm.close(true);
      await database.drop();
    });
  });

  describeOnMySql((server, { connectMySql }) => {
    it('keeps records from a process whose clock is wrong', async () => {
      const database = await server().freshDatabase();
      await keepsRecords(() => connectMySql(database.url));
      await database.drop();
    });
  });

  describeOn('mongodb', (server) => {
    it('keeps records from a process whose clock is wrong', async () => {
      const database = await server().freshDatabase();
      await keepsRecords(() => connectMongo(database));
      await database.drop();
    });
  });
});
