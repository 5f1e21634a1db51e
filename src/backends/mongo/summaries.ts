import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../../storage/summary-store.js';
import { DUPLICATE_KEY, codesOf, isForbidden, readingError } from './errors.js';
import type { CollectionSource, NativeCollection } from './native-collection.js';
import { acknowledged, usingCollection } from './writer.js';

/** A row as MongoDB has it. */
type Stored = Omit<SummaryRow, 'id'> & { readonly _id: string };

/** Options of reading: on the node that is written to, and plain values however the application's client is configured. */
const READING = {
  readPreference: 'primary',
  promoteLongs: true,
  promoteValues: true,
  useBigInt64: false,
  raw: false,
};

/** The name of the collection of summaries that stands beside a collection of records. */
export function summaryCollectionName(collection: string): string {
  return `${collection}_summary`;
}

/**
 * Rows of summaries in a collection of their own, which MongoDB makes with the first of them.
 *
 * @param name - the collection's name, for errors
 */
export function mongoSummaries(source: CollectionSource, name: string): SummaryStore {
  const writing = usingCollection(source, name);
  const reading = usingCollection(source, name, readingError);
  const use = async <Value>(
    signal: AbortSignal,
    action: (collection: NativeCollection) => Promise<Value>,
    using = writing,
  ): Promise<Value> => {
    try {
      return await using(action);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  };
  return {
    prepare: (make, signal) => use(signal, (collection) => prepare(collection, make, signal)),
    find: (query, signal) =>
      use(
        signal,
        async (collection) => {
          const found = await collection.find(filterOf(query), { ...READING, signal }).toArray();
          return found.map(rowOf);
        },
        reading,
      ),
    insert: (rows, signal) => use(signal, (collection) => insert(collection, rows, signal)),
    delete: (query, signal) =>
      use(signal, async (collection) => {
        await collection.deleteMany(filterOf(query), { ...acknowledged(collection), signal });
      }),
  };
}

/** Whether there is a place; an index is made for it, where the user may. */
async function prepare(collection: NativeCollection, make: boolean, signal: AbortSignal): Promise<boolean> {
  if (make) {
    const options = { ...acknowledged(collection), signal };
    await collection.createIndex({ kind: 1, dimension: 1, startMs: 1 }, options).catch(unlessForbidden);
    return true;
  }
  const reading = { ...READING, limit: 1, signal };
  const found = await collection.find({}, reading).toArray().catch(unlessForbidden);
  return (found ?? []).length > 0;
}

function unlessForbidden(error: unknown): void {
  if (!codesOf(error).some(isForbidden)) throw error;
}

async function insert(
  collection: NativeCollection,
  rows: readonly SummaryRow[],
  signal: AbortSignal,
): Promise<boolean> {
  if (rows.length === 0) return true;
  try {
    const documents = rows.map(({ id, ...row }): Stored => ({ _id: id, ...row }));
    await collection.insertMany(documents, { ...acknowledged(collection), ordered: true, signal });
    return true;
  } catch (error) {
    if (codesOf(error).includes(DUPLICATE_KEY)) return false;
    throw error;
  }
}

function filterOf({ kinds, ids, dimension, edition, fromMs, beforeMs }: SummaryRowQuery): object {
  const isBounded = fromMs !== undefined || beforeMs !== undefined;
  return {
    ...(kinds && { kind: { $in: kinds } }),
    ...(ids && { _id: { $in: ids } }),
    ...(dimension !== undefined && { dimension }),
    ...(edition !== undefined && { edition }),
    ...(isBounded && {
      startMs: {
        ...(fromMs !== undefined && { $gte: fromMs }),
        ...(beforeMs !== undefined && { $lt: beforeMs }),
      },
    }),
  };
}

function rowOf(document: object): SummaryRow {
  const { _id: id, kind, dimension, startMs, endMs, edition, data } = document as Stored;
  return { id, kind, dimension, startMs, endMs, edition, data };
}
