import { MongoPiggybackStorage, defineUsage } from '../../src/storage/mikro-orm/mongo/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectMongo, initMongoOrm, nativeClient } from '../support/mongo.js';
import type { FreshDatabase } from '../support/servers.js';
import { describeStorageContract } from './storage-contract.js';

describeOn('mongodb', function (server) {
  this.timeout(60_000);
  let database: FreshDatabase;
  let isSlow: boolean;
  let opened = 0;
  const client = nativeClient(server);

  before(async () => {
    database = await server().freshDatabase();
    // It looks at every document for every query, and takes a fifth of a millisecond for each.
    isSlow = server().description.startsWith('FerretDB');
  });

  after(() => database.drop());

  /** The name of a collection that nobody has used. */
  const freshName = (): string => `usage_${(opened += 1)}`;

  describeStorageContract('MongoStorage on its own connection', async () => {
    const collection = freshName();
    let storage = await connectMongo(database, { collection });
    return {
      storage,
      isSlow,
      async reopen() {
        await storage.close();
        storage = await connectMongo(database, { collection });
        return storage;
      },
      close: () => storage.close(),
    };
  });

  describeStorageContract("MongoPiggybackStorage on the application's MikroORM", async () => {
    const orm = await initMongoOrm(database, { entities: [defineUsage(freshName())] });
    const storage = new MongoPiggybackStorage(orm);
    return {
      storage,
      isSlow,
      async reopen() {
        await storage.close();
        return new MongoPiggybackStorage(orm);
      },
      close: () => orm.close(true),
    };
  });

  describeStorageContract('MongoPiggybackStorage on a collection', async () => {
    const collection = client().db(database.name).collection(freshName());
    const storage = new MongoPiggybackStorage(collection);
    return {
      storage,
      isSlow,
      async reopen() {
        await storage.close();
        return new MongoPiggybackStorage(collection);
      },
      close: () => storage.close(),
    };
  });
});
