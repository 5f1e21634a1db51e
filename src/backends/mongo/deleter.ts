import { OldestRecords } from '../mikro-orm/oldest-records.js';
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
export class MongoDeleter extends OldestRecords {
  readonly #source: CollectionSource;

  constructor(source: CollectionSource) {
    super();
    this.#source = source;
  }

  /** @inheritdoc */
  protected override async find(date: Date, limit: number): Promise<string[]> {
    const collection = await this.#source();
    const found = await collection.find({ [DATE]: { $lt: date } }, { ...OLDEST_FIRST, limit }).toArray();
    return found.map((document) => String((document as UsageDocument)[ID]));
  }

  /** @inheritdoc */
  protected override async deleteAll(ids: readonly string[]): Promise<number> {
    const collection = await this.#source();
    const filter = { [ID]: { $in: ids } };
    return (await collection.deleteMany(filter, acknowledged(collection))).deletedCount;
  }
}
