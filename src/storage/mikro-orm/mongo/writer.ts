import { estimateRecordBytes } from '../../../record/record-size.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { RefusedRecord, StoreResult } from '../../usage-storage.js';
import {
  type WriteError,
  isDuplicate,
  isDuplicateId,
  refusal,
  storageError,
  writeErrorsOf,
} from './errors.js';
import type { CollectionSource, NativeCollection } from './native-collection.js';
import { unlessAborted } from './unless-aborted.js';
import { type UsageDocument, documentOf } from './usage-document.js';

/** Records an insert, at most, and their estimated bytes: the driver makes BSON of them in one turn of the event loop. */
const CHUNK_RECORDS = 128;
const CHUNK_BYTES = 131_072;

/** How documents are written, whatever the application's client is told about its own. */
const PLAIN_DOCUMENTS = {
  ordered: false,
  ignoreUndefined: false,
  serializeFunctions: false,
  checkKeys: false,
};

/**
 * Writes through the driver's own collection, in no session of the application's, a few records at a time and one
 * operation after another.
 */
export class MongoWriter {
  readonly #source: CollectionSource;
  readonly #name: string;
  #running: Promise<void> | null = null;

  /**
   * @param source - the collection to write to
   * @param name - what it is called, for errors
   */
  constructor(source: CollectionSource, name: string) {
    this.#source = source;
    this.#name = name;
  }

  /** As `UsageStorage.store`. */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    // An operation that nobody waits for any more may still hang. The next one waits for its end, and does not pile up.
    while (this.#running !== null) await unlessAborted(this.#running, signal);
    const result = this.#insert(batch, signal);
    const running = result.then(nothing, nothing).finally(() => {
      this.#running = null;
    });
    this.#running = running;
    return unlessAborted(result, signal);
  }

  async #insert(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const refused: RefusedRecord[] = [];
    try {
      const collection = await this.#source();
      for (let start = 0; start < batch.length;) {
        signal.throwIfAborted();
        const end = chunkEnd(batch, start);
        refused.push(...(await insertChunk(collection, batch.slice(start, end), signal)));
        start = end;
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : storageError(error, this.#name);
    }
    return { stored: batch.length - refused.length, refused };
  }
}

function nothing(): void {}

function chunkEnd(batch: readonly UsageRecord[], start: number): number {
  let bytes = 0;
  for (let end = start; ; end += 1) {
    const record = batch[end];
    if (record === undefined || end - start === CHUNK_RECORDS) return end;
    bytes += estimateRecordBytes(record);
    if (bytes > CHUNK_BYTES && end > start) return end;
  }
}

/** @returns the records that the collection does not take */
async function insertChunk(
  collection: NativeCollection,
  chunk: readonly UsageRecord[],
  signal: AbortSignal,
): Promise<RefusedRecord[]> {
  try {
    await collection.insertMany(chunk.map(documentOf), {
      ...PLAIN_DOCUMENTS,
      ...acknowledged(collection),
      signal,
    });
    return [];
  } catch (error) {
    const writeErrors = writeErrorsOf(error);
    if (writeErrors === null) throw error;
    return refusedRecords(collection, chunk, writeErrors, signal);
  }
}

/** Without an answer nobody knows what was stored. */
function acknowledged({ writeConcern }: NativeCollection): object {
  return writeConcern?.w === 0 ? { writeConcern: { w: 1 } } : {};
}

async function refusedRecords(
  collection: NativeCollection,
  chunk: readonly UsageRecord[],
  writeErrors: readonly WriteError[],
  signal: AbortSignal,
): Promise<RefusedRecord[]> {
  const failed = writeErrors
    .filter((error) => !(isDuplicate(error) && isDuplicateId(error, collection.namespace)))
    .flatMap((error) => {
      const record = chunk[error.index];
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
