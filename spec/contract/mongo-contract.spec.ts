import type { Collection } from 'mongodb';
import { MongoPiggybackStorage } from '../../src/backends/mongo/index.js';
import type { OpenStorage } from '../../src/testing/contract/subject.js';
import { describeOn } from '../support/describe-on.js';
import { connectMongo, initMongoOrm, nativeClient } from '../support/mongo.js';
import { mongoPoison } from '../support/mongo-poison.js';
import type { FreshDatabase } from '../support/servers.js';
import { type Storages, openOwn, shared } from './openers.js';
import { describeStorageContract } from './storage-contract.js';

/** MongoDB keeps dates as numbers, and a server has no zone of its own. */
const LACKING = ['reopenInOtherZone'] as const;

describeOn('mongodb', function (server) {
  this.timeout(60_000);
  let isSlow: boolean;
  const client = nativeClient(server);

  before(() => {
    // It looks at every document for every query, and takes a fifth of a millisecond for each.
    isSlow = server().description.startsWith('FerretDB');
  });

  /** Opens a subject in a database of its own: FerretDB reads all collections of one again when any is made. */
  const fresh =
    (open: (database: FreshDatabase, collection: Collection) => Promise<Storages>): OpenStorage =>
    async () => {
      const database = await server().freshDatabase();
      const collection = client().db(database.name).collection('koa_usage');
      const opened = await open(database, collection);
      return {
        ...opened,
        isSlow,
        poison: mongoPoison(server(), client().db(database.name), 'koa_usage'),
        async close() {
          await opened.close();
          await database.drop();
        },
      };
    };

  describeStorageContract(
    'MongoStorage on its own connection',
    fresh((database) => openOwn(() => connectMongo(database))),
    LACKING,
  );

  describeStorageContract(
    "MongoPiggybackStorage on the application's MikroORM",
    fresh(async (database) => {
      const orm = await initMongoOrm(database);
      return { ...shared(() => new MongoPiggybackStorage(orm)), close: () => orm.close(true) };
    }),
    LACKING,
  );

  describeStorageContract(
    'MongoPiggybackStorage on a collection',
    fresh(async (_database, collection) => shared(() => new MongoPiggybackStorage(collection))),
    LACKING,
  );
});
