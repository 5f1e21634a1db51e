import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UsageRecord } from '../../record/usage-record.js';
import type { RefusedRecord } from '../../storage/usage-storage.js';
import {
  type WriteError,
  isDuplicate,
  isDuplicateId,
  isNotConnected,
  refusal,
  writeErrorsOf,
} from './errors.js';
import type { NativeCollection, UnorderedBulk } from './native-collection.js';
import { TurnBudget } from '../../time/turn-budget.js';
import { type UsageDocument, documentOf } from './usage-document.js';

/**
 * How long documents are made in one turn of the event loop, in milliseconds. The driver makes BSON of each at once, and
 * strangers choose how large they are.
 */
const TURN_MS = 0.4;

/** Records between two looks at the clock. */
const LOOK_RECORDS = 8;

/** How documents are written, whatever the application's client is told about its own. */
const PLAIN_DOCUMENTS = {
  ordered: false,
  ignoreUndefined: false,
  serializeFunctions: false,
  checkKeys: false,
};

/**
 * Writes through the driver's own collection, in no session of the application's. It does what `insertMany` does with
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
  await addAll(bulk, batch, signal);
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
  } catch (error) {
    if (!isNotConnected(error)) throw error;
    // Other operations connect a client that has not been used yet, but not this one.
    await collection.find({ _id: '' }, { limit: 1, signal }).toArray();
    return collection.initializeUnorderedBulkOp(PLAIN_DOCUMENTS);
  }
}

async function addAll(
  bulk: UnorderedBulk,
  batch: readonly UsageRecord[],
  signal: AbortSignal,
): Promise<void> {
  const budget = new TurnBudget(TURN_MS, LOOK_RECORDS);
  for (const record of batch) {
    bulk.insert(documentOf(record));
    if (!budget.isSpentAfterPiece()) continue;
    await nextTurn();
    signal.throwIfAborted();
    budget.renew();
  }
}

/** Without an answer nobody knows what was done. */
export function acknowledged({ writeConcern }: Pick<NativeCollection, 'writeConcern'>): object {
  return writeConcern?.w === 0 ? { writeConcern: { w: 1 } } : {};
}

async function refusedRecords(
  collection: NativeCollection,
  batch: readonly UsageRecord[],
  writeErrors: readonly WriteError[],
  signal: AbortSignal,
): Promise<RefusedRecord[]> {
  const failed = writeErrors
    .filter((error) => !(isDuplicate(error) && isDuplicateId(error, collection.namespace)))
    .flatMap((error) => {
      const record = batch[error.index];
      return record === undefined ? [] : [{ id: record.id, error }];
    });
  const doubtful = failed.filter(({ error }) => isDuplicate(error)).map(({ id }) => id);
  const there = doubtful.length === 0 ? new Set() : await idsThere(collection, doubtful, signal);
  return failed.filter(({ id }) => !there.has(id)).map(({ id, error }) => ({ id, error: refusal(error) }));
}

/**
 * Which records are in the collection, of those that a unique index has already. Not every server says which index that
 * is; and if it is the application's own, it may have been asked before the one of the ids.
 */
async function idsThere(
  collection: NativeCollection,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Set<unknown>> {
  if (!(await hasUniqueIndex(collection))) return new Set(ids);
  const options = { projection: { _id: 1 }, readPreference: 'primary', raw: false, signal };
  const documents = await collection.find({ _id: { $in: ids } }, options).toArray();
  return new Set(documents.map((document) => (document as UsageDocument)['_id']));
}

/** Whether the application has made a unique index of its own. */
async function hasUniqueIndex(collection: NativeCollection): Promise<boolean> {
  const indexes = (await collection.indexes()) as { name?: unknown; unique?: unknown }[];
  return indexes.some(({ name, unique }) => unique === true && name !== '_id_');
}
