import { TrackUsageError } from '../../errors.js';
import type { SaltStore } from '../../storage/salt-store.js';
import { DUPLICATE_KEY, codesOf, storageError } from './errors.js';
import type { SaltCollection } from './native-collection.js';
import { acknowledged } from './writer.js';

/** What the collection of salts is called that stands beside a collection of records. */
export function saltCollectionName(collection: string): string {
  return `${collection}_salt`;
}

/** Salts in a collection of their own, whose `_id` is the day. MongoDB makes it with the first of them. */
export class MongoSalts implements SaltStore {
  readonly #source: () => Promise<SaltCollection>;
  readonly #name: string;

  /**
   * @param source - the collection to keep them in
   * @param name - what it is called, for errors
   */
  constructor(source: () => Promise<SaltCollection>, name: string) {
    this.#source = source;
    this.#name = name;
  }

  /** @inheritdoc */
  claim(day: string, proposal: string, signal: AbortSignal): Promise<string> {
    return this.#use(async (collection) => {
      const known = await find(collection, day, signal);
      if (known !== null) return known;
      await upsert(collection, day, proposal, signal);
      const kept = await find(collection, day, signal);
      if (kept === null) throw new Error(`the salt of ${day} was deleted as soon as it was kept`);
      return kept;
    });
  }

  /** @inheritdoc */
  deleteBefore(day: string, signal: AbortSignal): Promise<number> {
    return this.#use(async (collection) => {
      const options = { ...acknowledged(collection), signal };
      return (await collection.deleteMany({ _id: { $lt: day } }, options)).deletedCount;
    });
  }

  async #use<Value>(action: (collection: SaltCollection) => Promise<Value>): Promise<Value> {
    try {
      return await action(await this.#source());
    } catch (error) {
      throw storageError(error, this.#name);
    }
  }
}

async function find(collection: SaltCollection, day: string, signal: AbortSignal): Promise<string | null> {
  const options = { readPreference: 'primary', raw: false, signal };
  const [document] = await collection.find({ _id: day }, options).toArray();
  return document === undefined ? null : String((document as { salt?: unknown }).salt);
}

/** Two upserts at once may both find nothing; then the index refuses the second. */
async function upsert(
  collection: SaltCollection,
  day: string,
  salt: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const options = { ...acknowledged(collection), upsert: true, signal };
    await collection.updateOne({ _id: day }, { $setOnInsert: { salt } }, options);
  } catch (error) {
    if (!codesOf(error).includes(DUPLICATE_KEY)) throw error;
  }
}

/**
 * The collection of salts beside one of the application's.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if its driver does not tell which database it is in
 */
export function besideCollection(target: object, collection: string): SaltCollection {
  // Before it was public, the driver kept it in its own place.
  const { db, s } = target as { db?: Database; s?: { db?: Database } };
  const database = db ?? s?.db;
  if (database !== undefined) return database.collection(saltCollectionName(collection));
  throw new TrackUsageError(
    'STORAGE_SETUP',
    "The option 'visitors' keeps a salt a day in a collection beside that of the records, and this one does not tell " +
      'its database. Give MongoPiggybackStorage a collection of the driver mongodb 7, or a MikroORM.',
  );
}

interface Database {
  collection(name: string): SaltCollection;
}
