import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { SqlStorage, Usage } from '../../../../src/backends/sql/index.js';
import {
  type NativeDatabase,
  busyTimeoutMs,
  sqliteConnection,
} from '../../../../src/backends/sql/sqlite/native-client.js';
import { caught } from '../../../support/caught.js';
import { makeRecords } from '../../../support/records.js';
import {
  SQLITE_CLIENTS,
  type TemporaryFolder,
  applicationOrm,
  openNative,
  temporaryFolder,
} from '../../../support/sqlite.js';

const { signal } = new AbortController();
const LATER = new Date('2027-01-01T00:00:00Z');

/** Longer than mocha lets a spec take: one that waits for the lock fails. */
const BUSY_TIMEOUT_MS = 12_000;

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`Deleting on the application's MikroORM for ${client}`, () => {
    let folder: TemporaryFolder;
    let orm: MikroORM;
    let native: NativeDatabase;
    let storage: SqlStorage;

    beforeEach(async () => {
      folder = await temporaryFolder();
      orm = await applicationOrm({ driver, dbName: folder.file('app.db') });
      native = await sqliteConnection(orm).getNativeClient();
      native.exec('pragma journal_mode = wal');
      native.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
      storage = new SqlStorage(orm);
      await storage.store(makeRecords(120), signal);
    });

    afterEach(async () => {
      await orm.close(true);
      await folder.remove();
    });

    it("waits for the application's transaction, and is not rolled back with it", async () => {
      let deletion = Promise.resolve(0);
      const rolledBack = orm.em.fork().transactional(async (em) => {
        await em.nativeUpdate(Usage, { method: 'GET' }, { serverName: 'changed' });
        deletion = storage.deleteBefore(LATER, 100, signal);
        await new Promise((resolve) => setImmediate(resolve));
        expect(await em.count(Usage)).to.equal(120);
        throw new Error('rolled back');
      });
      expect(await caught(rolledBack)).to.include({ message: 'rolled back' });
      expect(await deletion).to.equal(100);
      const left = await storage.reader.getUsage();
      expect(left.map(({ serverName }) => serverName)).to.deep.equal(Array(20).fill('spec'));
    });

    it('deletes nothing if nobody waits any more when that transaction has ended', async () => {
      const controller = new AbortController();
      let deletion = Promise.resolve<unknown>(null);
      await orm.em.fork().transactional(async (em) => {
        await em.nativeUpdate(Usage, { method: 'GET' }, { serverName: 'changed' });
        deletion = caught(storage.deleteBefore(LATER, 100, controller.signal));
        await new Promise((resolve) => setImmediate(resolve));
        controller.abort(new Error('no longer waited for'));
      });
      expect(await deletion).to.be.an.instanceOf(Error);
      expect(await storage.reader.countUsage()).to.equal(120);
    });

    it('leaves a transaction of the native client alone', async () => {
      native.exec('begin');
      const error = await caught(storage.deleteBefore(LATER, 100, signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      native.exec('rollback');
      expect(await storage.reader.countUsage()).to.equal(120);
    });

    it("rejects at once where another connection has the lock, and keeps the application's time out", async () => {
      const other = await openNative(folder.file('app.db'), driver);
      other.database.exec('begin immediate');
      const error = await caught(storage.deleteBefore(LATER, 100, signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.match(
        // The deletion is marked first, beside the records.
        /^(?:Old records of the table 'koa_usage' cannot be deleted|The table 'koa_usage_summary' cannot be used) now: database is locked/,
      );
      expect(busyTimeoutMs(native)).to.equal(BUSY_TIMEOUT_MS);
      other.database.exec('commit');
      await other.close();
      expect(await storage.deleteBefore(LATER, 1000, signal)).to.equal(120);
      expect(busyTimeoutMs(native)).to.equal(BUSY_TIMEOUT_MS);
    });

    it('asks for a person where the table is missing', async () => {
      native.exec('drop table koa_usage');
      const error = await caught(storage.deleteBefore(LATER, 100, signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
    });

    it('seeks the oldest by the index', () => {
      const plan = native
        .prepare(
          'explain query plan delete from koa_usage where id in (select id from koa_usage where date < ? order by date, id limit ?)',
        )
        .all([LATER.getTime(), 50]) as { readonly detail: string }[];
      const details = plan.map(({ detail }) => detail).join('\n');
      expect(details).to.match(/SEARCH koa_usage USING COVERING INDEX \S*date_id\S* \(date<\?\)/);
      expect(details).not.to.include('TEMP B-TREE');
    });
  });
}
