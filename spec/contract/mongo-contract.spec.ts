import { MongoPiggybackStorage, defineUsage } from '../../src/backends/mongo/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectMongo, initMongoOrm, nativeClient } from '../support/mongo.js';
import { mongoPoison } from '../support/mongo-poison.js';
import type { FreshDatabase } from '../support/servers.js';
import { describeTheme } from './checks.js';
import { openOwn, shared } from './openers.js';
import { describeStorageContract } from './storage-contract.js';

/** MongoDB keeps dates as numbers, and a server has no zone of its own. */
const LACKING = ['reopenInOtherZone'] as const;

/**
 * The themes that are about more than reading. A storage of its own connection reads by a repository of a MikroORM too, by one
 * class, from one function on (`partsOfOrm`): an application's differs in who makes, configures and closes the MikroORM.
 */
const BEYOND_READING = [
  'writing',
  'a storage at fault',
  'what is read back',
  'deleteBefore',
  'salts',
  'summaries',
  'erase',
  'life cycle',
] as const;

for (const engine of ['mongodb', 'secantusdb'] as const)
  describeOn(engine, function (server) {
    this.timeout(60_000);
    let database: FreshDatabase;
    let isSlow: boolean;
    let named = 0;
    const client = nativeClient(server);

    before(async () => {
      database = await server().freshDatabase();
      // FerretDB looks at every document for every query, and takes a fifth of a millisecond for each. SecantusDB is Python.
      isSlow = !server().description.startsWith('MongoDB');
    });

    after(() => database.drop());

    /** The name of a collection that nobody has used. */
    const freshName = (): string => `usage_${(named += 1)}`;
    const offers = (collection: string) => ({
      isSlow,
      poison: mongoPoison(server(), client().db(database.name), collection),
    });

    describeStorageContract(
      'MongoStorage on its own connection',
      async () => {
        const collection = freshName();
        return { ...(await openOwn(() => connectMongo(database, { collection }))), ...offers(collection) };
      },
      LACKING,
    );

    // SecantusDB is there for what FerretDB does not show, and would be asked for nothing new by other connections.
    if (engine === 'secantusdb') return;

    describe("storage contract: MongoPiggybackStorage on the application's MikroORM", () => {
      for (const theme of BEYOND_READING)
        describeTheme(
          theme,
          async () => {
            const name = freshName();
            const orm = await initMongoOrm(database, { entities: [defineUsage(name)] });
            const close = (): Promise<void> => orm.close(true);
            return { ...shared(() => new MongoPiggybackStorage(orm)), ...offers(name), close };
          },
          LACKING,
        );
    });

    describeStorageContract(
      'MongoPiggybackStorage on a collection',
      async () => {
        const name = freshName();
        const collection = client().db(database.name).collection(name);
        return { ...shared(() => new MongoPiggybackStorage(collection)), ...offers(name) };
      },
      LACKING,
    );
  });
