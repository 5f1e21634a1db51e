/** Documents that are inserted together. The driver makes BSON of each when it is added. */
export interface UnorderedBulk {
  insert(document: object): unknown;
  execute(options?: object): Promise<unknown>;
}

/**
 * What is used of the `Collection` of the `mongodb` driver. An application's may be of another version of the driver
 * than MikroORM's, and of any type of document.
 */
export interface NativeCollection {
  readonly collectionName: string;
  readonly namespace: string;
  readonly writeConcern?: { readonly w?: unknown } | undefined;
  initializeUnorderedBulkOp(options?: object): UnorderedBulk;
  find(filter: object, options?: object): { toArray(): Promise<object[]> };
  deleteMany(filter: object, options?: object): Promise<{ readonly deletedCount: number }>;
  indexes(): Promise<unknown>;
  countDocuments(filter?: object, options?: object): Promise<number>;
}

/** A collection that keeps salts. */
export interface SaltCollection extends Pick<NativeCollection, 'find' | 'writeConcern'> {
  updateOne(filter: object, update: object, options?: object): Promise<unknown>;
  deleteMany(filter: object, options?: object): Promise<{ readonly deletedCount: number }>;
}

/** A collection of a connection of MikroORM's, which can be given an index. */
export interface IndexableCollection extends NativeCollection, SaltCollection {
  createIndex(keys: object, options?: object): Promise<unknown>;
}

/** Where a collection comes from. MikroORM makes another one when it connects anew. */
export type CollectionSource = () => Promise<NativeCollection>;

/** What is used of MikroORM's connection to MongoDB. */
interface MongoConnection {
  getNativeClient(): Promise<unknown>;
  getDb(): { collection(name: string): IndexableCollection };
}

/** What is used of an ORM or an entity manager. */
interface Connected {
  getConnection(type: 'read' | 'write'): unknown;
}

/** A collection of the database that MikroORM is connected to, or connects to now. */
export async function collectionOf(
  em: Connected,
  type: 'read' | 'write',
  name: string,
): Promise<IndexableCollection> {
  const connection = em.getConnection(type) as MongoConnection;
  await connection.getNativeClient();
  return connection.getDb().collection(name);
}
