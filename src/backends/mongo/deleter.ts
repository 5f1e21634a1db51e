import { OldestRecords } from '../mikro-orm/oldest-records.js';
import type { CollectionSource } from './native-collection.js';
import type { UsageDocument } from './usage-document.js';
import { acknowledged } from './writer.js';

/** Options that find the oldest documents, on the node that is written to, wherever the application reads. */
const OLDEST_FIRST = {
  sort: { date: 1, _id: 1 },
  projection: { _id: 1 },
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
    const collection = this.#source();
    const found = await collection.find({ date: { $lt: date } }, { ...OLDEST_FIRST, limit }).toArray();
    return found.map((document) => String((document as UsageDocument)['_id']));
  }

  /** @inheritdoc */
  override async deleteAll(ids: readonly string[]): Promise<number> {
    const collection = this.#source();
    return (await collection.deleteMany({ _id: { $in: ids } }, acknowledged(collection))).deletedCount;
  }
}
