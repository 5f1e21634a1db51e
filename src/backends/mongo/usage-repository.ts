import type { EntityManager } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { type UsagePage, usagePageOf } from '../../storage/usage-page.js';
import {
  type UsageCountQuery,
  type UsagePageQuery,
  type UsageQuery,
  resolveUsageCountQuery,
  resolveUsagePageQuery,
  resolveUsageQuery,
} from '../../storage/usage-query.js';
import { USAGE_ENTITY_NAME } from '../mikro-orm/usage-properties.js';
import { UsageRepository } from '../mikro-orm/usage-repository.js';
import { type NativeCollection, collectionOf } from './native-collection.js';
import { type ReadSource, countRecords, filterAfter, filterOf, findRecords } from './reader.js';

/** The repository on MongoDB. It reads through the driver's collection, which all storages here have in common. */
export class MongoUsageRepository extends UsageRepository {
  /** @inheritdoc */
  override async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    const { limit, offset, ...selection } = resolveUsageQuery(query);
    return findRecords(await this.source(), filterOf(selection), limit, offset);
  }

  /** @inheritdoc */
  override async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    const resolved = resolveUsagePageQuery(query);
    const filter = resolved.after === null ? filterOf(resolved) : filterAfter(resolved.after, resolved);
    return usagePageOf(await findRecords(await this.source(), filter, resolved.limit + 1), resolved);
  }

  /** @inheritdoc */
  override count(query?: UsageCountQuery): Promise<number>;
  override count(query: never): Promise<never>;
  override async count(query?: UsageCountQuery): Promise<number> {
    const resolved = resolveUsageCountQuery(query);
    return countRecords(await this.source(), resolved);
  }

  /** Where the records are. */
  protected async source(): Promise<ReadSource> {
    const em = this.getEntityManager();
    const { collection } = em.getMetadata().get(this.entityName);
    return {
      collection: await collectionOf(em, 'read', collection),
      session: em.getTransactionContext(),
    };
  }
}

/** The repository on a collection of the driver's, without MikroORM. */
export class CollectionUsageRepository extends MongoUsageRepository {
  readonly #collection: NativeCollection;

  constructor(collection: NativeCollection) {
    super(noEntityManager(), USAGE_ENTITY_NAME as never);
    this.#collection = collection;
  }

  /** @inheritdoc */
  protected override async source(): Promise<ReadSource> {
    return { collection: this.#collection, session: undefined };
  }
}

/** Stands for an entity manager, and says that there is none once it is used. */
function noEntityManager(): EntityManager {
  return new Proxy({} as EntityManager, {
    get: (_target, name) => {
      throw new TrackUsageError(
        'STORAGE_SETUP',
        `UsageRepository: '${String(name)}' needs a MikroORM, and this storage is on a collection of the mongodb ` +
          'driver. Give MongoPiggybackStorage the MikroORM, or ask the collection itself.',
      );
    },
  });
}
