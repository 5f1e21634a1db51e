import { MikroORM, defineEntity, p } from '@mikro-orm/mongodb';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { TrackUsageError } from '../../../src/errors.js';
import {
  MongoPiggybackStorage,
  Usage,
  UsageRepository,
  defineUsage,
} from '../../../src/backends/mongo/index.js';
import { caught, thrown } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { initMongoOrm, nativeClient } from '../../support/mongo.js';
import { makeRecord } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';
import { initOrm } from '../../support/sqlite.js';

const { signal } = new AbortController();
const Note = defineEntity({ name: 'Note', properties: { _id: p.string().primary(), body: p.string() } });

describe('MongoPiggybackStorage', () => {
  describeOn('mongodb', (server) => {
    let database: FreshDatabase;
    let orm: MikroORM;
    const client: () => MongoClient = nativeClient(server);

    before(async () => {
      database = await server().freshDatabase();
      orm = await initMongoOrm(database, { entities: [Note, Usage] });
    });

    after(async () => {
      await orm.close(true);
      await database.drop();
    });

    it('leaves the MikroORM open, and its repository is that of the application', async () => {
      const storage = new MongoPiggybackStorage(orm);
      const record = makeRecord({ path: '/left-open' });
      await storage.store([record], signal);
      await storage.close();
      const repository = orm.em.getRepository(Usage);
      expect(repository).to.be.an.instanceOf(UsageRepository);
      expect(storage.provides).to.deep.equal([{ id: UsageRepository, value: repository }]);
      expect(await repository.getUsage()).to.deep.include(record);
      expect(
        await orm.em
          .fork()
          .getRepository(Usage)
          .count({ id: record.id, path: { $in: ['/left-open'] } }),
      ).to.equal(1);
    });

    it('connects a MikroORM that is not connected yet', async () => {
      const lazy = new MikroORM({
        clientUrl: server().url(),
        dbName: database.name,
        entities: [defineUsage('lazy')],
      });
      const storage = new MongoPiggybackStorage(lazy, { name: 'usage-db' });
      expect(storage.name).to.equal('usage-db');
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await lazy.close(true);
    });

    it('has its index made by ensureIndexes, beside those of the application', async () => {
      await orm.schema.ensureIndexes();
      const indexes = await client().db(database.name).collection('koa_usage').indexes();
      expect(indexes.map(({ key }) => key)).to.deep.include({ date: 1, _id: 1 });
    });

    it('takes a collection of any type of document, and offers a repository that reads it', async () => {
      interface Hit {
        _id: string;
        note?: string;
      }
      const collection = client().db(database.name).collection<Hit>('typed');
      const storage = new MongoPiggybackStorage(collection);
      const record = makeRecord();
      await storage.store([record], signal);
      const repository = storage.provides[0]?.value as UsageRepository;
      expect(repository).to.be.an.instanceOf(UsageRepository);
      expect(await repository.getUsage()).to.deep.equal([record]);
      expect(await repository.countUsage({ status: 200 })).to.equal(1);
      for await (const found of repository.streamUsage()) expect(found).to.deep.equal(record);
      const error = await caught(repository.findAll());
      expect(error).to.be.an.instanceOf(TrackUsageError);
      expect(error.message).to.match(/needs a MikroORM, and this storage is on a collection/);
      await storage.close();
      expect(await collection.countDocuments()).to.equal(1);
    });

    it('refuses a MikroORM that does not know the entity, and says how to add it', async () => {
      const without = await initMongoOrm(database, { entities: [Note] });
      const error = await thrown(() => new MongoPiggybackStorage(without));
      await without.close(true);
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include("Import it from 'koa-track-usage/mongo'");
    });
  });

  it('refuses a MikroORM on SQL, and says which storage is for that', async () => {
    const orm = await initOrm();
    const error = await thrown(() => new MongoPiggybackStorage(orm));
    await orm.close(true);
    expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
    expect(error.message).to.match(/has the driver SqliteDriver\. Use SqlStorage of 'koa-track-usage\/sql'/);
  });

  for (const wrong of [undefined, null, 'usage', {}, { find: () => {} }]) {
    it(`refuses ${JSON.stringify(wrong)} instead of a MikroORM or a collection`, async () => {
      const error = await thrown(() => new MongoPiggybackStorage(wrong as never));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
      expect(error.message).to.match(
        /expected the application's MikroORM or a collection.*MongoStorage\.connect/,
      );
    });
  }
});
