import { text } from '../../option-reader.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { StoreResult } from '../../storage/usage-storage.js';
import { RepositoryStorage } from '../mikro-orm/repository-storage.js';
import type { UsageRepository } from '../mikro-orm/usage-repository.js';
import { Mutex } from '../mikro-orm/mutex.js';
import { MongoDeleter } from './deleter.js';
import { deletionError, storageError } from './errors.js';
import { SaltsInTurn } from '../mikro-orm/salts-in-turn.js';
import type { CollectionSource, SaltCollection } from './native-collection.js';
import { MongoSalts, saltCollectionName } from './salts.js';
import { insertAll } from './writer.js';

/** What a storage is called. */
export class MongoStorageNaming {
  /** Its name in logs, events and statistics, which tells several storages apart. @default 'mongo' */
  readonly name? = text({ default: 'mongo' });
}

/** Where a storage keeps its records. */
export interface StorageParts {
  readonly name: string;
  /** What the collection is called, for errors. */
  readonly collectionName: string;
  /** The collection that is written to. */
  readonly source: CollectionSource;
  /** The collection that salts are kept in. */
  readonly saltSource: () => Promise<SaltCollection>;
  /** What reads it. */
  readonly repository: UsageRepository;
  /** Whether it is not to be written to. @default false */
  readonly isReadOnly?: boolean;
}

/** What the storages on MongoDB have in common, whosever connection it is. */
export abstract class CollectionStorage extends RepositoryStorage {
  readonly #source: CollectionSource;
  readonly #collectionName: string;
  readonly #deleter: MongoDeleter;
  /** Batches are written one after another. */
  readonly #writing = new Mutex();

  protected constructor(parts: StorageParts) {
    const { collectionName, source, saltSource, isReadOnly = false } = parts;
    const salts = new SaltsInTurn(new MongoSalts(saltSource, saltCollectionName(collectionName)));
    super({ ...parts, salts, isReadOnly });
    this.#source = source;
    this.#collectionName = collectionName;
    this.#deleter = new MongoDeleter(source);
  }

  /** @inheritdoc */
  protected override async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    return this.#writing.run(signal, async () => {
      try {
        const refused = await insertAll(await this.#source(), batch, signal);
        return { stored: batch.length - refused.length, refused };
      } catch (error) {
        throw storageError(error, this.#collectionName);
      }
    });
  }

  /** @inheritdoc */
  protected override async prune(date: Date, limit: number, signal: AbortSignal): Promise<number> {
    try {
      return await this.#deleter.delete(date, limit, signal);
    } catch (error) {
      throw deletionError(error, this.#collectionName);
    }
  }
}
