import { TrackUsageError } from '../../errors.js';
import { connectionClosed } from '../base/operations.js';

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
  insertMany(documents: readonly object[], options?: object): Promise<unknown>;
  updateOne(filter: object, update: object, options?: object): Promise<unknown>;
  deleteMany(filter: object, options?: object): Promise<{ readonly deletedCount: number }>;
  createIndex(keys: Record<string, 1>, options?: object): Promise<unknown>;
  indexes(): Promise<unknown>;
  countDocuments(filter?: object, options?: object): Promise<number>;
}

/**
 * Hands out a collection. MikroORM makes another one when it connects anew.
 *
 * @throws {TrackUsageError} `STORAGE_CLOSED` if the application has closed its connection
 */
export type CollectionSource = () => NativeCollection;

/** The used part of the driver's `Db`. */
export interface NativeDatabase {
  /** Its client. The driver keeps to itself what it knows of it. */
  readonly client?: { readonly topology?: unknown; readonly s?: { readonly hasBeenClosed?: boolean } };
  collection(name: string): NativeCollection;
  command(command: object, options: object): Promise<object>;
}

/** The collection beside another one; null if the driver does not tell the other one's database. */
export function findBeside(target: NativeCollection, name: string): CollectionSource | null {
  const database = findDatabase(target);
  return database === undefined ? null : () => openCollection(database.collection(name));
}

/** The used part of MikroORM's EntityManager. */
interface Connections {
  getConnection(type: 'read' | 'write'): unknown;
}

/**
 * The database of a MikroORM; after `orm.close()`, that of the client that was closed. MikroORM is not asked for its client:
 * it would make another one then, which nobody would close.
 */
export function databaseOfOrm(em: Connections, type: 'read' | 'write'): NativeDatabase {
  return (em.getConnection(type) as { getDb(): NativeDatabase }).getDb();
}

/** A collection of the database of a MikroORM. The driver connects when the collection is used. */
export function collectionOf(em: Connections, type: 'read' | 'write', name: string): NativeCollection {
  if (isClosed(databaseOfOrm(em, 'write'))) throw connectionClosed('MikroORM');
  return databaseOfOrm(em, type).collection(name);
}

/** A collection of the application's, while its client is open. */
export function openCollection(target: NativeCollection): NativeCollection {
  if (isClosed(findDatabase(target))) throw connectionClosed('MongoClient');
  return target;
}

/** Whether the driver refuses to connect by itself. */
function isClosed(database: NativeDatabase | undefined): boolean {
  const { topology, s } = database?.client ?? {};
  return s?.hasBeenClosed === true && topology == null;
}

/**
 * The database of a collection.
 *
 * @param option - what asks for it, for the error
 * @throws {TrackUsageError} `STORAGE_SETUP` if the driver does not tell it
 */
export function databaseOf(target: NativeCollection, option: string): NativeDatabase {
  const database = findDatabase(target);
  if (database !== undefined) return database;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The option '${option}' asks the database of a collection, and '${target.collectionName}' does not tell its own. Give ` +
      'MongoPiggybackStorage a collection of the driver mongodb 7, or a MikroORM.',
  );
}

function findDatabase(target: NativeCollection): NativeDatabase | undefined {
  // Older drivers keep the database among their private parts.
  const { db, s } = target as { db?: NativeDatabase; s?: { db?: NativeDatabase } };
  return db ?? s?.db;
}
