import {
  MongoPiggybackStorage,
  type MongoStorage,
  defineUsage,
} from '../../src/storage/mikro-orm/mongo/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectMongo, initMongoOrm, nativeClient } from '../support/mongo.js';
import type { FreshDatabase } from '../support/servers.js';
import { describeStorageContract } from './storage-contract.js';

/** MongoDB keeps dates as numbers, and a server has no zone of its own. */
const LACKING = ['reopenInOtherZone'] as const;

describeOn('mongodb', function (server) {
  this.timeout(60_000);
  let database: FreshDatabase;
  let isSlow: boolean;
  let named = 0;
  const client = nativeClient(server);

  before(async () => {
    database = await server().freshDatabase();
    // It looks at every document for every query, and takes a fifth of a millisecond for each.
    isSlow = server().description.startsWith('FerretDB');
  });

  after(() => database.drop());

  /** The name of a collection that nobody has used. */
  const freshName = (): string => `usage_${(named += 1)}`;

  describeStorageContract(
    'MongoStorage on its own connection',
    async () => {
      const collection = freshName();
      const opened: MongoStorage[] = [];
      const open = async (): Promise<MongoStorage> => {
        const storage = await connectMongo(database, { collection });
        opened.push(storage);
        return storage;
      };
      const storage = await open();
      return {
        storage,
        isSlow,
        async reopen() {
          await storage.close();
          return open();
        },
        openAnother: open,
        close: async () => void (await Promise.all(opened.map((one) => one.close()))),
      };
    },
    LACKING,
  );

  describeStorageContract(
    "MongoPiggybackStorage on the application's MikroORM",
    async () => {
      const orm = await initMongoOrm(database, { entities: [defineUsage(freshName())] });
      const storage = new MongoPiggybackStorage(orm);
      return {
        storage,
        isSlow,
        async reopen() {
          await storage.close();
          return new MongoPiggybackStorage(orm);
        },
        openAnother: async () => new MongoPiggybackStorage(orm),
        close: () => orm.close(true),
      };
    },
    LACKING,
  );

  describeStorageContract(
    'MongoPiggybackStorage on a collection',
    async () => {
      const collection = client().db(database.name).collection(freshName());
      const storage = new MongoPiggybackStorage(collection);
      return {
        storage,
        isSlow,
        async reopen() {
          await storage.close();
          return new MongoPiggybackStorage(collection);
        },
        openAnother: async () => new MongoPiggybackStorage(collection),
        close: () => storage.close(),
      };
    },
    LACKING,
  );
});
