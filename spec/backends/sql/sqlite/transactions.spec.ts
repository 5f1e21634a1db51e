import { type MikroORM, defineEntity, p } from '@mikro-orm/core';
import { expect } from 'chai';
import { SqlStorage, Usage } from '../../../../src/backends/sql/index.js';
import { type NativeDatabase, sqliteConnection } from '../../../../src/backends/sql/sqlite/native-client.js';
import { caught } from '../../../support/caught.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import { SQLITE_CLIENTS, applicationOrm } from '../../../support/sqlite.js';

const { signal } = new AbortController();
const Note = defineEntity({ name: 'Note', properties: { id: p.integer().primary(), body: p.string() } });

/** A few turns of the event loop: enough for whatever does not wait. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`SqlStorage beside the application's transactions on one connection to ${client}`, () => {
    let orm: MikroORM;
    let storage: SqlStorage;

    beforeEach(async () => {
      orm = await applicationOrm({ driver, entities: [Usage, Note] });
      storage = new SqlStorage(orm);
    });

    afterEach(() => orm.close(true));

    const notes = (): Promise<number> => orm.em.fork().count(Note);

    it('waits until the transaction ends, and harms neither', async () => {
      const record = makeRecord();
      let isStored = false;
      let storing: Promise<unknown> = Promise.resolve();
      await orm.em.fork().transactional(async (em) => {
        await em.insert(Note, { id: 1, body: 'before' });
        storing = storage.store([record], signal).finally(() => {
          isStored = true;
        });
        await someTurns();
        expect(isStored).to.equal(false);
        await em.insert(Note, { id: 2, body: 'after' });
      });
      await storing;
      expect(await notes()).to.equal(2);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
    });

    it("outlives the application's rollback", async () => {
      const record = makeRecord();
      let storing: Promise<unknown> = Promise.resolve();
      const transaction = orm.em.fork().transactional(async (em) => {
        await em.insert(Note, { id: 1, body: 'gone' });
        storing = storage.store([record], signal);
        await someTurns();
        throw new Error('changed my mind');
      });
      expect((await caught(transaction)).message).to.equal('changed my mind');
      await storing;
      expect(await notes()).to.equal(0);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
    });

    it('lets transactions in between the parts of a large batch', async () => {
      const records = makeRecords(1000);
      const storing = storage.store(records, signal);
      const transactions = [1, 2, 3].map((id) =>
        orm.em.fork().transactional(async (em) => {
          await em.insert(Note, { id, body: 'x' });
          await someTurns();
        }),
      );
      await Promise.all([storing, ...transactions]);
      expect(await notes()).to.equal(3);
      expect(await storage.reader.getUsage({ limit: 10_000 })).to.have.lengthOf(1000);
    });

    it('can be read within a transaction, which does not wait for itself', async () => {
      const record = makeRecord();
      await storage.store([record], signal);
      const found = await orm.em.transactional(async (em) => {
        await em.insert(Note, { id: 1, body: 'x' });
        return [
          await em.getRepository(Usage).getUsage(),
          await orm.em.getRepository(Usage).getUsage(),
          await storage.reader.getUsage(),
        ];
      });
      expect(found).to.deep.equal([[record], [record], [record]]);
    });

    it('gives up waiting for the transaction when the tracker does, and writes nothing', async () => {
      const abort = new AbortController();
      const storing: Promise<Error>[] = [];
      await orm.em.fork().transactional(async () => {
        storing.push(caught(storage.store([makeRecord()], abort.signal)));
        await someTurns();
        abort.abort(new Error('too slow'));
      });
      const [error] = await Promise.all(storing);
      expect(error).to.be.an.instanceOf(Error);
      expect(await storage.reader.getUsage()).to.deep.equal([]);
    });

    describe('begun on the native client', () => {
      let native: NativeDatabase;

      beforeEach(async () => {
        native = await sqliteConnection(orm).getNativeClient();
      });

      it('leaves the connection alone, and stores when it has ended', async () => {
        const records = makeRecords(2);
        native.exec('begin');
        native.exec("insert into note (id, body) values (1, 'mine')");
        const error = await caught(storage.store(records, signal));
        expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
        expect(error.message).to.include('begun a transaction on the native client');
        expect(native.inTransaction).to.equal(true);
        native.exec('commit');
        expect(await notes()).to.equal(1);
        expect(await storage.reader.getUsage()).to.deep.equal([]);
        expect(await storage.store(records, signal)).to.deep.equal({ stored: 2, refused: [] });
      });
    });
  });
}
