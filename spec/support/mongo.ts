import { MikroORM, MongoDriver, type Options } from '@mikro-orm/mongodb';
import { type Collection, MongoClient } from 'mongodb';
import { MongoStorage, type MongoStorageOptions, Usage } from '../../src/storage/mikro-orm/mongo/index.js';
import type { FreshDatabase, TestServer } from './servers.js';

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

/** The documents of a collection, as they are. */
export function documentsOf(collection: Collection): Promise<Record<string, unknown>[]> {
  return collection.find().sort({ _id: 1 }).toArray();
}
