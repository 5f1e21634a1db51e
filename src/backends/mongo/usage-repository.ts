import type { EntityManager } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { ResolvedUsageCountQuery, ResolvedUsagePageQuery } from '../../storage/usage-query.js';
import { USAGE_ENTITY_NAME } from '../mikro-orm/usage-properties.js';
import { UsageRepository } from '../mikro-orm/usage-repository.js';
import { type NativeCollection, collectionOf } from './native-collection.js';
import { type ReadSource, countRecords, findRecords } from './reader.js';

/** The repository on MongoDB. It reads through the driver's collection, which all storages here have in common. */
export class MongoUsageRepository extends UsageRepository {
  /** @inheritdoc */
  protected override async findRecords(
    query: ResolvedUsagePageQuery,
    offset?: number,
  ): Promise<UsageRecord[]> {
    return findRecords(await this.source(), query, offset);
  }

  /** @inheritdoc */
  protected override async countRecords(query: ResolvedUsageCountQuery): Promise<number> {
    return countRecords(await this.source(), query);
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
