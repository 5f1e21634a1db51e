import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import {
  type NativeDatabase,
  busyTimeoutMs,
  sqliteConnection,
} from '../../../../src/backends/sql/sqlite/native-client.js';
import { caught } from '../../../support/caught.js';
import { laneTo } from '../../../support/pipelines.js';
import { makeRecords } from '../../../support/records.js';
import {
  type TemporaryFolder,
  SQLITE_CLIENTS,
  applicationOrm,
  connectSqlite,
  openNative,
  temporaryFolder,
} from '../../../support/sqlite.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

/** Longer than mocha lets a spec take: one that waits for the lock fails. */
const BUSY_TIMEOUT_MS = 12_000;

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`SqlStorage on a file of ${client} that another connection has locked`, () => {
    let folder: TemporaryFolder;
    let orm: MikroORM;
    let storage: SqlStorage;
    let other: { database: NativeDatabase; close(): Promise<void> };

    beforeEach(async () => {
      folder = await temporaryFolder();
      orm = await applicationOrm({ driver, dbName: folder.file('app.db') });
      const native = await sqliteConnection(orm).getNativeClient();
      native.exec('pragma journal_mode = wal');
      native.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
      storage = new SqlStorage(orm);
      other = await openNative(folder.file('app.db'), driver);
      other.database.exec('begin immediate');
    });

    afterEach(async () => {
      if (other.database.inTransaction) other.database.exec('rollback');
      await other.close();
      await orm.close(true);
      await folder.remove();
    });

    it("rejects at once, however long the application's own writes wait", async () => {
      const error = await caught(storage.store(makeRecords(300), signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.include('database is locked');
    });

    it("leaves the application's busy_timeout as it was, whether it wrote or not", async () => {
      const native = await sqliteConnection(orm).getNativeClient();
      await caught(storage.store(makeRecords(2), signal));
      expect(busyTimeoutMs(native)).to.equal(BUSY_TIMEOUT_MS);
      other.database.exec('commit');
      await storage.store(makeRecords(2), signal);
      expect(busyTimeoutMs(native)).to.equal(BUSY_TIMEOUT_MS);
    });

    it('can be read', async () => {
      expect(await storage.reader.getUsage()).to.deep.equal([]);
    });

    it('rejects at once on a connection of its own, too', async () => {
      other.database.exec('commit');
      const own = await connectSqlite(folder.file('app.db'), undefined, driver);
      other.database.exec('begin immediate');
      const error = await caught(own.store(makeRecords(1), signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      await own.close();
    });

    it('gets the batch by a later attempt, when the lock is gone', async () => {
      const { pipeline, clock, attempts } = laneTo(storage);
      const records = makeRecords(250);
      for (const record of records) pipeline.accept(record);
      await pipeline.flush();
      expect(pipeline.stats()).to.include({ stored: 0, queued: 250 });
      other.database.exec('commit');
      await clock.advance(500);
      await until(() => pipeline.stats().stored === 250, 'the records are stored');
      expect(attempts.count).to.equal(2);
      expect(await storage.reader.getUsage()).to.deep.equal(records.toReversed());
      await pipeline.close(0);
    });

    it('keeps the parts of a batch that were written before the lock, once each', async () => {
      other.database.exec('commit');
      const records = makeRecords(500);
      const storing = caught(storage.store(records, signal));
      await until(() => countRows(other.database) > 0, 'the first part is written', 1);
      other.database.exec('begin immediate');
      expect(await storing).to.include({ code: 'STORAGE_UNAVAILABLE' });
      const kept = countRows(other.database);
      other.database.exec('commit');
      expect(kept).to.be.within(1, 499);
      expect(await storage.store(records, signal)).to.deep.equal({ stored: 500, refused: [] });
      expect(countRows(other.database)).to.equal(500);
    });
  });
}

function countRows(database: NativeDatabase): number {
  const [row] = database.prepare('select count(*) as n from koa_usage').all();
  return (row as { n: number }).n;
}
