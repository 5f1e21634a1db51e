import { TrackUsageError } from '../../errors.js';

/** Documents that are inserted together. The driver makes BSON of each when it is added. */
export interface UnorderedBulk {
  insert(document: object): unknown;
  execute(options?: object): Promise<unknown>;
}

/**
 * The used part of the `Collection` of the `mongodb` driver. An application's may be of another version of the driver
 * than MikroORM's, and of any type of document.
 */
export interface NativeCollection {
  readonly collectionName: string;
  readonly namespace: string;
  readonly writeConcern?: { readonly w?: unknown } | undefined;
  initializeUnorderedBulkOp(options?: object): UnorderedBulk;
  find(filter: object, options?: object): { toArray(): Promise<object[]> };
  updateOne(filter: object, update: object, options?: object): Promise<unknown>;
  deleteMany(filter: object, options?: object): Promise<{ readonly deletedCount: number }>;
  createIndex(keys: Record<string, 1>, options?: object): Promise<unknown>;
  indexes(): Promise<unknown>;
  countDocuments(filter?: object, options?: object): Promise<number>;
}

/** Hands out a collection. MikroORM makes another one when it connects anew. */
export type CollectionSource = () => Promise<NativeCollection>;

/** The used part of the driver's `Db`. */
export interface NativeDatabase {
  collection(name: string): NativeCollection;
  command(command: object, options: object): Promise<object>;
}

/** The used part of MikroORM's connection to MongoDB. */
interface MongoConnection {
  getNativeClient(): Promise<unknown>;
  getDb(): NativeDatabase;
}

/** A collection of the database that MikroORM is connected to, or connects to now. */
export async function collectionOf(
  em: { getConnection(type: 'read' | 'write'): unknown },
  type: 'read' | 'write',
  name: string,
): Promise<NativeCollection> {
  const connection = em.getConnection(type) as MongoConnection;
  await connection.getNativeClient();
  return connection.getDb().collection(name);
}

/**
 * The database of a collection.
 *
 * @param option - what asks for it, for the error
 * @throws {TrackUsageError} `STORAGE_SETUP` if the driver does not tell it
 */
export function databaseOf(target: NativeCollection, option: string): NativeDatabase {
  // Older drivers keep the database among their private parts.
  const { db, s } = target as { db?: NativeDatabase; s?: { db?: NativeDatabase } };
  const database = db ?? s?.db;
  if (database !== undefined) return database;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The option '${option}' asks the database of a collection, and '${target.collectionName}' does not tell its own. Give ` +
      'MongoPiggybackStorage a collection of the driver mongodb 7, or a MikroORM.',
  );
}
