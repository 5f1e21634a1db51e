import type { SaltStore } from '../../storage/salt-store.js';
import { DUPLICATE_KEY, codesOf } from './errors.js';
import { type CollectionSource, type NativeCollection, databaseOf } from './native-collection.js';
import { acknowledged, usingCollection } from './writer.js';

/** The name of the collection of salts that stands beside a collection of records. */
export function saltCollectionName(collection: string): string {
  return `${collection}_salt`;
}

/**
 * Salts in a collection of their own, whose `_id` is the day. MongoDB makes it with the first of them.
 *
 * @param name - the collection's name, for errors
 */
export function mongoSalts(source: CollectionSource, name: string): SaltStore {
  const use = usingCollection(source, name);
  return {
    claim: (day, proposal, signal) => use((collection) => claim(collection, day, proposal, signal)),
    deleteBefore: (day, signal) =>
      use(async (collection) => {
        const options = { ...acknowledged(collection), signal };
        return (await collection.deleteMany({ _id: { $lt: day } }, options)).deletedCount;
      }),
  };
}

async function claim(
  collection: NativeCollection,
  day: string,
  proposal: string,
  signal: AbortSignal,
): Promise<string> {
  const known = await find(collection, day, signal);
  if (known !== null) return known;
  try {
    const options = { ...acknowledged(collection), upsert: true, signal };
    await collection.updateOne({ _id: day }, { $setOnInsert: { salt: proposal } }, options);
  } catch (error) {
    // Two upserts at once may both find nothing; then the index refuses the second.
    if (!codesOf(error).includes(DUPLICATE_KEY)) throw error;
  }
  const kept = await find(collection, day, signal);
  if (kept === null) throw new Error(`the salt of ${day} was deleted as soon as it was kept`);
  return kept;
}

async function find(collection: NativeCollection, day: string, signal: AbortSignal): Promise<string | null> {
  const options = { readPreference: 'primary', raw: false, signal };
  const [document] = await collection.find({ _id: day }, options).toArray();
  return document === undefined ? null : String((document as { salt?: unknown }).salt);
}

/** The collection of salts beside one of the application's. */
export function besideCollection(target: NativeCollection): NativeCollection {
  return databaseOf(target, 'visitors').collection(saltCollectionName(target.collectionName));
}
