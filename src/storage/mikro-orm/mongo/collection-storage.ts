import { TrackUsageError } from '../../../errors.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import { type UsagePage, streamUsagePages } from '../../usage-page.js';
import type { UsageCountQuery, UsagePageQuery, UsageQuery, UsageStreamQuery } from '../../usage-query.js';
import type { ReadableUsageStorage, ServiceBinding, StoreResult } from '../../usage-storage.js';
import { UsageRepository } from '../usage-repository.js';
import { MongoWriter } from './writer.js';
import type { CollectionSource } from './native-collection.js';

/** What a storage is called. */
export interface MongoStorageNaming {
  /** Its name in logs, events and statistics, which tells several storages apart. @default 'mongo' */
  readonly name?: string | undefined;
}

/** Where a storage keeps its records. */
export interface StorageParts {
  readonly name: string;
  /** What the collection is called, for errors. */
  readonly collectionName: string;
  /** The collection that is written to. */
  readonly source: CollectionSource;
  /** What reads it. */
  readonly repository: UsageRepository;
}

/** What the storages on MongoDB have in common, whosever connection it is. */
export abstract class CollectionStorage implements ReadableUsageStorage {
  /** @inheritdoc */
  readonly name: string;

  /** The repository of the records, which the tracker puts into the container. */
  readonly provides: readonly ServiceBinding[];

  readonly #repository: UsageRepository;
  readonly #writer: MongoWriter;
  #closing: Promise<void> | null = null;

  protected constructor({ name, collectionName, source, repository }: StorageParts) {
    this.name = name;
    this.#repository = repository;
    this.#writer = new MongoWriter(source, collectionName);
    this.provides = [{ id: UsageRepository, value: repository }];
  }

  /** @inheritdoc */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.#assertOpen();
    signal.throwIfAborted();
    return this.#writer.write(batch, signal);
  }

  /** @inheritdoc */
  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    this.#assertOpen();
    return this.#repository.getUsage(query);
  }

  /** @inheritdoc */
  async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    this.#assertOpen();
    return this.#repository.getUsagePage(query);
  }

  /** @inheritdoc */
  async count(query?: UsageCountQuery): Promise<number> {
    this.#assertOpen();
    return this.#repository.count(query);
  }

  /** @inheritdoc */
  stream(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
    this.#assertOpen();
    return streamUsagePages(query, (page) => this.getUsagePage(page));
  }

  /** Closes the connection, if it is the storage's own. */
  async close(): Promise<void> {
    await (this.#closing ??= this.disconnect());
  }

  /** Gives back what the storage holds open. Called once. */
  protected abstract disconnect(): Promise<void>;

  #assertOpen(): void {
    if (this.#closing === null) return;
    throw new TrackUsageError('STORAGE_CLOSED', `The storage '${this.name}' was used after close().`);
  }
}
