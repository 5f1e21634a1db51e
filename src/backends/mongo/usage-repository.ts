import type { EntityManager } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { ResolvedUsageCountQuery } from '../../storage/usage-query.js';
import type { SummaryStore } from '../../storage/summary-store.js';
import { USAGE_ENTITY_NAME } from '../mikro-orm/usage-properties.js';
import type { FoundPageQuery } from '../mikro-orm/found-page-query.js';
import { UsageRepository } from '../mikro-orm/usage-repository.js';
import { whereOf } from '../mikro-orm/where-of.js';
import type { UsageRow } from '../base/usage-row.js';
import { readingError } from './errors.js';
import { type NativeCollection, collectionOf, openCollection } from './native-collection.js';
import { type UsageDocument, fieldName, recordOf } from './usage-document.js';

/** Options that have the driver hand out plain values of JavaScript, however the application's client is configured. */
const PLAIN_VALUES = { promoteLongs: true, promoteValues: true, useBigInt64: false, raw: false };

const NEWEST_FIRST = { date: -1, _id: -1 };

/** The collection that records are read from, and the transaction that they are read in. */
interface ReadSource {
  readonly collection: NativeCollection;
  /** The session of MikroORM's transaction, as an option of the driver. */
  readonly session: { readonly session?: unknown };
}

/** The repository on MongoDB. It reads through the driver's collection, which all storages on MongoDB have. */
export class MongoUsageRepository extends UsageRepository {
  /** @inheritdoc */
  protected override async findRecords(query: FoundPageQuery, skip = 0): Promise<UsageRecord[]> {
    const { collection, session } = this.source();
    const primary = this.readsPrimary && { readPreference: 'primary' };
    const { limit, columns = null } = query;
    const projection = columns && Object.fromEntries(columns.map((column) => [fieldName(column), 1]));
    const options = { ...PLAIN_VALUES, ...session, ...primary, sort: NEWEST_FIRST, limit, skip, projection };
    const filter = filterOf(whereOf(query, query.after));
    const documents = await this.reading(() => collection.find(filter, options).toArray());
    const texts = new Map<string, string>();
    return documents.map((document) => recordOf(document as UsageDocument, texts));
  }

  /** @inheritdoc */
  protected override async countRecords(query: ResolvedUsageCountQuery): Promise<number> {
    const { collection, session } = this.source();
    return this.reading(() => collection.countDocuments(filterOf(whereOf(query)), session));
  }

  /** @inheritdoc */
  protected override errorOf(error: unknown): TrackUsageError {
    return readingError(error, this.source().collection.collectionName);
  }

  /** The source that this repository reads from. */
  protected source(): ReadSource {
    const em = this.getEntityManager();
    const { collection: name } = em.getMetadata().get(this.entityName);
    const collection = collectionOf(em, 'read', name);
    const session: unknown = em.getTransactionContext();
    return { collection, session: session === undefined ? {} : { session } };
  }
}

/** The repository on a collection of the driver's, without MikroORM. */
export class CollectionUsageRepository extends MongoUsageRepository {
  readonly #collection: NativeCollection;
  #summaries: SummaryStore | null = null;

  constructor(collection: NativeCollection) {
    super(undefined as never, USAGE_ENTITY_NAME as never);
    this.#collection = collection;
  }

  /** @throws {TrackUsageError} `STORAGE_SETUP`, as there is none */
  override getEntityManager(): EntityManager {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      'UsageRepository: this method needs a MikroORM, and this storage is on a collection of the mongodb driver. ' +
        'Give MongoPiggybackStorage the MikroORM, or ask the collection itself.',
    );
  }

  /** @inheritdoc */
  override fromPrimary(): UsageRepository {
    const primary = new CollectionUsageRepository(this.#collection);
    primary.readsPrimary = true;
    return primary;
  }

  /** @inheritdoc */
  override keepSummaries(store: SummaryStore): void {
    this.#summaries = store;
  }

  /** @inheritdoc */
  protected override summaryStore(): SummaryStore | null {
    return this.#summaries;
  }

  /** @inheritdoc */
  protected override source(): ReadSource {
    return { collection: openCollection(this.#collection), session: {} };
  }
}

/** MikroORM's filter as the driver's. A scalar is compared in full, so that it can be no operator. */
function filterOf(where: object): object {
  const filter = Object.entries(where).map(([name, value]: [string, unknown]) => {
    if (Array.isArray(value)) return [name, value.map(filterOf)];
    const isScalar = value === null || typeof value !== 'object';
    return [fieldName(name as keyof UsageRow), isScalar ? { $eq: value } : value];
  });
  return Object.fromEntries(filter) as object;
}
