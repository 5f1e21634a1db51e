import { type DeletionSteps, OldestRecords } from '../mikro-orm/oldest-records.js';
import { deletionError } from './errors.js';
import type { CollectionSource } from './native-collection.js';
import { type UsageDocument, fieldName } from './usage-document.js';
import { acknowledged } from './writer.js';

const DATE = fieldName('date');
const ID = fieldName('id');

/** How the oldest documents are found; from the node that is written to, whatever the application reads from. */
const OLDEST_FIRST = {
  sort: { [DATE]: 1, [ID]: 1 },
  projection: { [ID]: 1 },
  readPreference: 'primary',
  raw: false,
};

/** Deletes through the driver's own collection, in no session of the application's. */
export class MongoDeleter {
  readonly #name: string;
  readonly #oldest: OldestRecords;

  /**
   * @param source - the collection to delete from
   * @param name - what it is called, for errors
   */
  constructor(source: CollectionSource, name: string) {
    this.#name = name;
    const steps: DeletionSteps = {
      async find(date, limit) {
        const collection = await source();
        const found = await collection.find({ [DATE]: { $lt: date } }, { ...OLDEST_FIRST, limit }).toArray();
        return found.map((document) => String((document as UsageDocument)[ID]));
      },
      async delete(ids) {
        const collection = await source();
        const filter = { [ID]: { $in: ids } };
        return (await collection.deleteMany(filter, acknowledged(collection))).deletedCount;
      },
    };
    this.#oldest = new OldestRecords(steps);
  }

  /** As `UsageStorage.deleteBefore`. */
  async delete(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    try {
      return await this.#oldest.delete(date, limit, signal);
    } catch (error) {
      throw deletionError(error, this.#name);
    }
  }
}
