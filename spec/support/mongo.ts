import { MikroORM, MongoDriver, type Options } from '@mikro-orm/mongodb';
import { type Collection, MongoClient } from 'mongodb';
import { MongoStorage, type MongoStorageOptions, Usage } from '../../src/backends/mongo/index.js';
import { describeOn } from './describe-on.js';
import { type FreshDatabase, missing, type TestServer } from './servers.js';

const UNAUTHORIZED = 13;

/** A storage on its own connection, in a collection of a fresh database. */
export function connectMongo(
  { url, name }: FreshDatabase,
  options: Partial<MongoStorageOptions> = {},
): Promise<MongoStorage> {
  return MongoStorage.connect({ clientUrl: url, database: name, ...options });
}

/** A MikroORM as an application has it, with our entity among its own. */
export async function initMongoOrm({ url, name }: FreshDatabase, options: Options = {}): Promise<MikroORM> {
  const orm = new MikroORM({
    driver: MongoDriver,
    clientUrl: url,
    dbName: name,
    entities: [Usage],
    ...options,
  });
  await orm.connect();
  return orm;
}

/** A client of the driver's, closed after the suite. */
export function nativeClient(server: () => TestServer): () => MongoClient {
  let client: MongoClient | undefined;
  after(() => client?.close());
  return () => (client ??= new MongoClient(server().url()));
}

/** Whether a server wants to know who asks, as MongoDB does with `--auth`. */
export async function asksForPasswords({ host, port }: TestServer): Promise<boolean> {
  const nobody = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`);
  try {
    await nobody.db('admin').command({ listDatabases: 1 });
    return false;
  } catch (error) {
    return (error as { code?: unknown }).code === UNAUTHORIZED;
  } finally {
    await nobody.close();
  }
}

/** Whether a server has transactions: as a replica set, or in front of shards. */
export async function hasTransactions(client: MongoClient): Promise<boolean> {
  const { setName, msg } = await client.db('admin').command({ hello: 1 });
  return setName !== undefined || msg === 'isdbgrid';
}

/** Whether the server is a member of a replica set. */
export async function isReplicaSet(client: MongoClient): Promise<boolean> {
  const { setName } = await client.db('admin').command({ hello: 1 });
  return setName !== undefined;
}

/** A suite for what FerretDB does not have: on MongoDB itself, and where there is none on SecantusDB. */
export function describeOnMongod(body: (this: Mocha.Suite, server: () => TestServer) => void): void {
  describeOn(missing('mongod') === undefined ? 'mongod' : 'secantusdb', body);
}

/** The documents of a collection, as they are. */
export function documentsOf(collection: Collection): Promise<Record<string, unknown>[]> {
  return collection.find().sort({ _id: 1 }).toArray();
}
