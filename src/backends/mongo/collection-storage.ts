import { text } from '../../option-reader.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { StoreResult } from '../../storage/usage-storage.js';
import { deletionError } from '../base/database-error.js';
import { Mutex } from '../base/mutex.js';
import { RepositoryStorage } from '../mikro-orm/repository-storage.js';
import { SaltsInTurn } from '../mikro-orm/salts-in-turn.js';
import type { UsageRepository } from '../mikro-orm/usage-repository.js';
import { MongoDeleter } from './deleter.js';
import { conditionOf, storageError } from './errors.js';
import { type CollectionSource, databaseOf } from './native-collection.js';
import { mongoSalts, saltCollectionName } from './salts.js';
import { mongoSummaries, summaryCollectionName } from './summaries.js';
import { insertAll } from './writer.js';

/** The option of a storage on the application's connection. */
export class MongoStorageNaming {
  /** Its name in logs, events and statistics, which tells several storages apart. @default 'mongo' */
  readonly name? = text({ default: 'mongo' });
}

/** The collections of a storage, and the repository that reads its records. */
export interface CollectionParts {
  /** The collection's name, for errors. */
  readonly collectionName: string;
  /** The collection of the records. */
  readonly source: CollectionSource;
  /** The collection of the salts. */
  readonly saltSource: CollectionSource;
  /** The collection of the summaries; null if there can be none. */
  readonly summarySource: CollectionSource | null;
  readonly repository: UsageRepository;
}

/** A storage on MongoDB, on the application's connection or one of its own. */
export abstract class CollectionStorage extends RepositoryStorage {
  readonly #parts: CollectionParts;
  readonly #deleter: MongoDeleter;
  /** Batches are written one after another. */
  readonly #writing = new Mutex();

  protected constructor(name: string, isReadOnly: boolean, parts: CollectionParts) {
    const { collectionName, source, saltSource, summarySource, repository } = parts;
    const salts = new SaltsInTurn(mongoSalts(saltSource, saltCollectionName(collectionName)));
    const summaryStore =
      summarySource && mongoSummaries(summarySource, summaryCollectionName(collectionName));
    super({ name, repository, salts, summaryStore, isReadOnly });
    this.#parts = parts;
    this.#deleter = new MongoDeleter(source);
  }

  /** @inheritdoc */
  protected override async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    return this.#writing.run(signal, async () => {
      try {
        const refused = await insertAll(this.#parts.source(), batch, signal);
        return { stored: batch.length - refused.length, refused };
      } catch (error) {
        throw storageError(error, this.#parts.collectionName);
      }
    });
  }

  /** The server's time. */
  now(): Promise<Date> {
    return this.#retain(async () => {
      const database = databaseOf(this.#parts.source(), 'retention');
      const answer = await database.command({ hello: 1 }, { readPreference: 'primary', raw: false });
      return (answer as { localTime: Date }).localTime;
    });
  }

  /** @inheritdoc */
  protected override async remove(records: readonly UsagePosition[]): Promise<void> {
    await this.#retain(() => this.#deleter.deleteAll(records.map(({ id }) => id)));
  }

  /** @inheritdoc */
  protected override prune(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    return this.#retain(() => this.#deleter.delete(date, limit, signal));
  }

  /** Does something for the option `retention`. */
  async #retain<Value>(action: () => Promise<Value>): Promise<Value> {
    this.assertUnclosed();
    try {
      return await action();
    } catch (error) {
      throw deletionError(error, conditionOf(error), `collection '${this.#parts.collectionName}'`);
    }
  }
}
