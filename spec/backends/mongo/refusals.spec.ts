import { expect } from 'chai';
import type { Collection } from 'mongodb';
import { TrackUsageError } from '../../../src/errors.js';
import { MongoPiggybackStorage } from '../../../src/backends/mongo/index.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { describeOnMongod, documentsOf, nativeClient } from '../../support/mongo.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';

const { signal } = new AbortController();

describe('What MongoDB refuses', () => {
  describeOn('mongodb', (server) => {
    let database: FreshDatabase;
    const client = nativeClient(server);
    const collection = (name: string): Collection => client().db(database.name).collection(name);

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    it('by a unique index of the application is refused, and only that', async () => {
      const usage = collection('unique_user');
      await usage.createIndex({ username: 1 }, { unique: true });
      const storage = new MongoPiggybackStorage(usage);
      const [ada, eve] = [makeRecord({ username: 'ada' }), makeRecord({ username: 'eve' })];
      const again = makeRecord({ username: 'ada' });
      expect(await storage.store([ada], signal)).to.deep.equal({ stored: 1, refused: [] });
      const { stored, refused } = await storage.store([ada, again, eve], signal);
      expect(stored).to.equal(2);
      expect(refused.map(({ id }) => id)).to.deep.equal([again.id]);
      expect(refused[0]?.error.message).to.match(/refused the document with code 11000: E11000/);
      expect((await documentsOf(usage)).map(({ _id }) => _id)).to.deep.equal([ada.id, eve.id]);
    });

    it('by an index is told apart in every part of a large batch', async () => {
      const usage = collection('unique_path');
      await usage.createIndex({ path: 1 }, { unique: true });
      const storage = new MongoPiggybackStorage(usage);
      const batch = Array.from({ length: 300 }, (_, index) =>
        makeRecord({ path: `/${Math.floor(index / 2)}` }),
      );
      const { stored, refused } = await storage.store(batch, signal);
      const seconds = batch.filter((_record, index) => index % 2 === 1).map(({ id }) => id);
      expect(stored).to.equal(150);
      expect(refused.map(({ id }) => id)).to.deep.equal(seconds);
    });

    it('as a name of a collection is for a person to mend', async () => {
      const storage = new MongoPiggybackStorage(collection('usage$'));
      const error = await caught(storage.store(makeRecords(2), signal));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include("'usage$").and.include("role 'readWrite'");
      expect(error.cause).to.be.an.instanceOf(Error);
    });
  });

  describeOnMongod((server) => {
    let database: FreshDatabase;
    const client = nativeClient(server);

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    it('by a validator is refused, and only that', async () => {
      const db = client().db(database.name);
      const usage = await db.createCollection('validated', { validator: { username: { $ne: 'eve' } } });
      const [ada, eve] = [makeRecord({ username: 'ada' }), makeRecord({ username: 'eve' })];
      const { stored, refused } = await new MongoPiggybackStorage(usage).store([eve, ada], signal);
      expect(stored).to.equal(1);
      expect(refused.map(({ id }) => id)).to.deep.equal([eve.id]);
      expect(refused[0]?.error.message).to.include('121');
    });

    it('because it is a view is for a person to mend', async () => {
      const db = client().db(database.name);
      const view = await db.createCollection('a_view', { viewOn: 'others', pipeline: [] });
      const error = await caught(new MongoPiggybackStorage(view).store([makeRecord()], signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
    });
  });
});
