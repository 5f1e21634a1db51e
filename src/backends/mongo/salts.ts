import { TrackUsageError } from '../../errors.js';
import type { SaltStore } from '../../storage/salt-store.js';
import { DUPLICATE_KEY, codesOf, storageError } from './errors.js';
import type { CollectionSource, NativeCollection, NativeDatabase } from './native-collection.js';
import { acknowledged } from './writer.js';

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
  const use = async <Value>(action: (collection: NativeCollection) => Promise<Value>): Promise<Value> => {
    try {
      return await action(await source());
    } catch (error) {
      throw storageError(error, name);
    }
  };
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

/**
 * The collection of salts beside one of the application's.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the driver does not tell the collection's database
 */
export function besideCollection(target: NativeCollection): NativeCollection {
  // Older drivers keep the database among their private parts.
  const { db, s } = target as { db?: NativeDatabase; s?: { db?: NativeDatabase } };
  const database = db ?? s?.db;
  if (database !== undefined) return database.collection(saltCollectionName(target.collectionName));
  throw new TrackUsageError(
    'STORAGE_SETUP',
    "The option 'visitors' keeps a salt a day in a collection beside that of the records, and this one does not tell " +
      'its database. Give MongoPiggybackStorage a collection of the driver mongodb 7, or a MikroORM.',
  );
}
