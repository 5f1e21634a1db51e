import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { sqliteConnection } from '../../../../src/backends/sql/sqlite/native-client.js';
import { caught } from '../../../support/caught.js';
import { laneTo } from '../../../support/pipelines.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import {
  type TemporaryFolder,
  SQLITE_CLIENTS,
  applicationOrm,
  initOrm,
  temporaryFolder,
} from '../../../support/sqlite.js';

const { signal } = new AbortController();

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`SqlStorage writing ${client}`, () => {
    let folder: TemporaryFolder;
    let orm: MikroORM;

    beforeEach(async () => {
      folder = await temporaryFolder();
    });

    afterEach(async () => {
      await orm.close(true);
      await folder.remove();
    });

    describe('on a table with a constraint of the application', () => {
      let storage: SqlStorage;

      beforeEach(async () => {
        orm = await initOrm({ driver });
        const sql = await orm.schema.getCreateSchemaSQL({ wrap: false });
        const constrained = sql.replace('`weight` double not null', "$&, check (username <> 'mallory')");
        expect(constrained).to.not.equal(sql);
        (await sqliteConnection(orm).getNativeClient()).exec(constrained);
        storage = new SqlStorage(orm);
      });

      it('refuses the record that it forbids, and stores the other 499', async () => {
        const records = makeRecords(500);
        const wrong = makeRecord({ username: 'mallory' });
        const batch = records.toSpliced(250, 1, wrong);
        const { stored, refused } = await storage.store(batch, signal);
        expect(stored).to.equal(499);
        expect(refused.map(({ id }) => id)).to.deep.equal([wrong.id]);
        expect(refused[0]?.error.message).to.match(/CHECK constraint failed/);
        const found = (await storage.reader.getUsage({ limit: 10_000 })).map(({ id }) => id);
        expect(new Set(found)).to.deep.equal(
          new Set(batch.map(({ id }) => id).filter((id) => id !== wrong.id)),
        );
      });

      it('can refuse a whole batch', async () => {
        const batch = makeRecords(3, { username: 'mallory' });
        const { stored, refused } = await storage.store(batch, signal);
        expect(stored).to.equal(0);
        expect(refused.map(({ id }) => id)).to.deep.equal(batch.map(({ id }) => id));
      });

      it('has the tracker drop just that record, as refused', async () => {
        const { pipeline } = laneTo(storage);
        for (const record of [...makeRecords(5), makeRecord({ username: 'mallory' })])
          pipeline.accept(record);
        await pipeline.flush();
        const { stored, queued, dropped } = pipeline.stats();
        expect({ stored, queued, refused: dropped.refused }).to.deep.equal({
          stored: 5,
          queued: 0,
          refused: 1,
        });
        await pipeline.close(0);
      });
    });

    it('stops between two parts of a large batch when the tracker stops waiting', async () => {
      orm = await applicationOrm({ driver });
      const storage = new SqlStorage(orm);
      const abort = new AbortController();
      const records = makeRecords(2000);
      const storing = caught(storage.store(records, abort.signal));
      await nextTurn();
      await nextTurn();
      abort.abort(new Error('too slow'));
      await storing;
      const kept = await storage.reader.getUsage({ limit: 10_000 });
      expect(kept.length).to.be.within(1, 1999);
      expect(await storage.store(records, signal)).to.deep.equal({ stored: 2000, refused: [] });
      expect(await storage.reader.getUsage({ limit: 10_000 })).to.have.lengthOf(2000);
    });

    it('gives the event loop turns during a large batch', async () => {
      orm = await applicationOrm({ driver });
      const storage = new SqlStorage(orm);
      let turns = 0;
      let isDone = false;
      const count = (): void => {
        turns += 1;
        if (!isDone) setImmediate(count);
      };
      setImmediate(count);
      await storage.store(makeRecords(1000), signal);
      isDone = true;
      expect(turns).to.be.at.least(9);
    });

    it('is unavailable, not broken, when the database is closed underneath', async () => {
      orm = await applicationOrm({ driver });
      const storage = new SqlStorage(orm);
      await storage.store([makeRecord()], signal);
      const native = (await sqliteConnection(orm).getNativeClient()) as unknown as { close(): void };
      native.close();
      const error = await caught(storage.store([makeRecord()], signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.include('not open');
      expect(await caught(storage.reader.getUsage())).to.be.an.instanceOf(Error);
    });

    it('is unavailable, and the process goes on, when the database is closed between two parts of a batch', async () => {
      orm = await applicationOrm({ driver });
      const storage = new SqlStorage(orm);
      const native = (await sqliteConnection(orm).getNativeClient()) as unknown as { close(): void };
      const storing = caught(storage.store(makeRecords(2000), signal));
      await nextTurn();
      await nextTurn();
      native.close();
      const error = await storing;
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.include('not open');
    });

    it('writes on after the application has closed its ORM and connected anew', async () => {
      orm = await applicationOrm({ driver, dbName: folder.file('app.db') });
      const storage = new SqlStorage(orm);
      const records = makeRecords(2);
      await storage.store(records.slice(0, 1), signal);
      await orm.close(true);
      await orm.connect();
      await storage.store(records.slice(1), signal);
      expect(await storage.reader.getUsage()).to.deep.equal(records.toReversed());
    });
  });
}
