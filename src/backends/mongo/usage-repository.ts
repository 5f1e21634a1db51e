import type { EntityManager } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { ResolvedUsageCountQuery, ResolvedUsagePageQuery } from '../../storage/usage-query.js';
import { USAGE_ENTITY_NAME } from '../mikro-orm/usage-properties.js';
import { UsageRepository } from '../mikro-orm/usage-repository.js';
import { type NativeCollection, collectionOf } from './native-collection.js';
import { type UsageDocument, fieldName, recordOf } from './usage-document.js';

/** Values as JavaScript has them, whatever the application's client is told to make of BSON. */
const PLAIN_VALUES = { promoteLongs: true, promoteValues: true, useBigInt64: false, raw: false };

const DATE = fieldName('date');
const ID = fieldName('id');
const NEWEST_FIRST = { [DATE]: -1, [ID]: -1 };

/** What records are read from, and in whose transaction. */
interface ReadSource {
  readonly collection: NativeCollection;
  /** The session of MikroORM's transaction, as an option of the driver. */
  readonly session: { readonly session?: unknown };
}

/** The repository on MongoDB. It reads through the driver's collection, which all storages here have in common. */
export class MongoUsageRepository extends UsageRepository {
  /** @inheritdoc */
  protected override async findRecords(query: ResolvedUsagePageQuery, skip = 0): Promise<UsageRecord[]> {
    const { after, limit } = query;
    const { collection, session } = await this.source();
    const filter = after === null ? filterOf(query) : filterAfter(after, query);
    const options = { ...PLAIN_VALUES, ...session, sort: NEWEST_FIRST, limit, skip };
    const documents = await collection.find(filter, options).toArray();
    return documents.map((document) => recordOf(document as UsageDocument));
  }

  /** @inheritdoc */
  protected override async countRecords(query: ResolvedUsageCountQuery): Promise<number> {
    const { collection, session } = await this.source();
    return collection.countDocuments(filterOf(query), session);
  }

  /** Where the records are. */
  protected async source(): Promise<ReadSource> {
    const em = this.getEntityManager();
    const { collection: name } = em.getMetadata().get(this.entityName);
    const collection = await collectionOf(em, 'read', name);
    const session: unknown = em.getTransactionContext();
    return { collection, session: session === undefined ? {} : { session } };
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
    return { collection: this.#collection, session: {} };
  }
}

/** The filter of a checked query. */
function filterOf({ startDate, endDate, filters }: ResolvedUsageCountQuery): object {
  const date = { ...(startDate && { $gte: startDate }), ...(endDate && { $lt: endDate }) };
  return { ...(startDate === null && endDate === null ? {} : { [DATE]: date }), ...equal(filters) };
}

/** The filter of a checked query for what comes after a position, which is never behind its `endDate`. */
function filterAfter({ date, id }: UsagePosition, { startDate, filters }: ResolvedUsageCountQuery): object {
  return {
    [DATE]: { ...(startDate && { $gte: startDate }), $lte: date },
    $or: [{ [DATE]: { $lt: date } }, { [ID]: { $lt: id } }],
    ...equal(filters),
  };
}

/** The values of a checked query are scalars; said in full, they cannot be anything else. */
function equal(filters: ResolvedUsageCountQuery['filters']): object {
  return Object.fromEntries([...filters].map(([name, value]) => [fieldName(name), { $eq: value }]));
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
