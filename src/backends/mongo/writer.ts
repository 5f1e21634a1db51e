import type { UsageRecord } from '../../record/usage-record.js';
import type { RefusedRecord } from '../../storage/usage-storage.js';
import { TurnBudget } from '../../time/turn-budget.js';
import {
  DUPLICATE_KEY,
  type WriteError,
  isDuplicateId,
  refusal,
  storageError,
  writeErrorsOf,
} from './errors.js';
import type { CollectionSource, NativeCollection, UnorderedBulk } from './native-collection.js';
import { type UsageDocument, documentOf } from './usage-document.js';

/** Records between two looks at the clock. The driver makes BSON of each document at once, however large it is. */
const LOOK_RECORDS = 8;

/** Options that have documents written as they are, however the application's client is configured. */
const PLAIN_DOCUMENTS = {
  ordered: false,
  ignoreUndefined: false,
  serializeFunctions: false,
  checkKeys: false,
};

/**
 * Writes through the driver's own collection, in no session of the application's. It works as `insertMany` with
 * `ordered: false`, but leaves the event loop to others while it makes the documents.
 *
 * @returns the records that the collection does not take
 */
export async function insertAll(
  collection: NativeCollection,
  batch: readonly UsageRecord[],
  signal: AbortSignal,
): Promise<RefusedRecord[]> {
  const bulk = await startBulk(collection, signal);
  const budget = new TurnBudget(LOOK_RECORDS);
  for (const record of batch) {
    bulk.insert(documentOf(record));
    if (budget.isSpentAfterStep()) await budget.nextTurn(signal);
  }
  try {
    await bulk.execute({ ...PLAIN_DOCUMENTS, ...acknowledged(collection), signal });
    return [];
  } catch (error) {
    const writeErrors = writeErrorsOf(error);
    if (writeErrors === null) throw error;
    return refusedRecords(collection, batch, writeErrors, signal);
  }
}

async function startBulk(collection: NativeCollection, signal: AbortSignal): Promise<UnorderedBulk> {
  try {
    return collection.initializeUnorderedBulkOp(PLAIN_DOCUMENTS);
  } catch {
    // A client that has not been used yet is connected by other operations, but not by this one.
    await collection.find({ _id: '' }, { limit: 1, signal }).toArray();
    return collection.initializeUnorderedBulkOp(PLAIN_DOCUMENTS);
  }
}

/**
 * Makes a function that does something with a collection, and tells of failures by its name.
 *
 * @param name - the collection's name, for errors
 * @param errorOf - makes the error. @default that of a collection that is written to
 */
export function usingCollection(source: CollectionSource, name: string, errorOf = storageError) {
  return async <Value>(action: (collection: NativeCollection) => Promise<Value>): Promise<Value> => {
    try {
      return await action(source());
    } catch (error) {
      throw errorOf(error, name);
    }
  };
}

/** The option that has the server answer; without an answer nobody knows which documents it has. */
export function acknowledged({ writeConcern }: Pick<NativeCollection, 'writeConcern'>): object {
  return writeConcern?.w === 0 ? { writeConcern: { w: 1 } } : {};
}

async function refusedRecords(
  collection: NativeCollection,
  batch: readonly UsageRecord[],
  writeErrors: readonly WriteError[],
  signal: AbortSignal,
): Promise<RefusedRecord[]> {
  const failed = writeErrors.flatMap((error) => {
    const id = batch[error.index]?.id;
    return id === undefined || isDuplicateId(error, collection.namespace) ? [] : [{ id, error }];
  });
  const doubtful = failed.filter(({ error }) => error.code === DUPLICATE_KEY).map(({ id }) => id);
  const there = doubtful.length === 0 ? new Set() : await idsThere(collection, doubtful, signal);
  return failed.filter(({ id }) => !there.has(id)).map(({ id, error }) => ({ id, error: refusal(error) }));
}

/**
 * The ids of records that are in the collection, of those that some unique index refused. Not every server names that
 * index; and an index of the application's own may refuse a record before the index of ids does.
 */
async function idsThere(
  collection: NativeCollection,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Set<unknown>> {
  const options = { projection: { _id: 1 }, readPreference: 'primary', raw: false, signal };
  const documents = await collection.find({ _id: { $in: ids } }, options).toArray();
  return new Set(documents.map((document) => (document as UsageDocument)['_id']));
}
