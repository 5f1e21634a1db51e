import type { EntityMetadata, MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import { hasMethods, isText, readOptions } from '../../option-reader.js';
import { findEntity, USAGE_ENTITY_NAME } from '../mikro-orm/usage-properties.js';
import type { UsageRow } from '../base/usage-row.js';
import { type CollectionParts, CollectionStorage, MongoStorageNaming } from './collection-storage.js';
import {
  type NativeCollection,
  collectionOf,
  databaseOfOrm,
  findBeside,
  openCollection,
} from './native-collection.js';
import { besideCollection, saltCollectionName } from './salts.js';
import { summaryCollectionName } from './summaries.js';
import { CollectionUsageRepository, MongoUsageRepository } from './usage-repository.js';

const SUBJECT = 'new MongoPiggybackStorage';

/** Keeps records through a connection of the application's, and leaves it open when it is closed. */
export class MongoPiggybackStorage extends CollectionStorage {
  /**
   * Keeps records through the application's own MikroORM, or in a collection of its `mongodb` driver. The index is the
   * application's to make: `orm.schema.ensureIndexes()`, or `collection.createIndex({ date: 1, _id: 1 })`.
   *
   * @param target - a MikroORM on MongoDB with `Usage` among its entities, or a collection
   * @throws {TrackUsageError} `INVALID_OPTION` if it is neither; `STORAGE_SETUP` if the MikroORM is for another kind of
   *   database, or does not know the entity
   */
  constructor(target: MikroORM | NativeCollection, options: MongoStorageNaming = {}) {
    const { name } = readOptions(`${SUBJECT}(…, options)`, MongoStorageNaming, options);
    super(name, false, partsOf(target));
  }
}

/** The parts of a storage on a MikroORM, or in a collection. */
function partsOf(target: MikroORM | NativeCollection): CollectionParts {
  if (isCollection(target)) {
    return {
      collectionName: target.collectionName,
      source: () => openCollection(target),
      saltSource: () => besideCollection(openCollection(target)),
      summarySource: findBeside(target, summaryCollectionName(target.collectionName)),
      repository: new CollectionUsageRepository(target),
    };
  }
  if (hasMethods((target as Partial<MikroORM> | null | undefined)?.em, 'getDriver'))
    return partsOfOrm(target);
  throw new TrackUsageError(
    'INVALID_OPTION',
    `${SUBJECT}: expected the application's MikroORM or a collection of the mongodb driver, got a value of type ` +
      `${typeof target}. For a connection of its own, write await MongoStorage.connect({ database }).`,
  );
}

/**
 * The parts of a storage on a MikroORM.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the MikroORM is for another kind of database, or does not know the entity
 */
export function partsOfOrm({ em }: MikroORM): CollectionParts {
  if (!hasMethods(em.getConnection('write'), 'getDb')) {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `${SUBJECT}(orm): it writes to MongoDB, and this MikroORM has the driver ${em.getDriver().constructor.name}. ` +
        "Use SqlStorage of 'koa-track-usage/sql'.",
    );
  }
  const entity = findEntity({ em }, USAGE_ENTITY_NAME);
  const repository = entity && em.getRepository(entity.class as EntityMetadata<UsageRow>['class']);
  if (!(repository instanceof MongoUsageRepository) || entity === undefined) {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `${SUBJECT}(orm): this MikroORM does not know the entity Usage. Import it from 'koa-track-usage/mongo' and put ` +
        'it among its entities: MikroORM.init({ entities: [Usage, …] }).',
    );
  }
  // Closing a MikroORM that has made no client yet would leave no trace.
  databaseOfOrm(em, 'write');
  return {
    collectionName: entity.collection,
    source: () => collectionOf(em, 'write', entity.collection),
    saltSource: () => collectionOf(em, 'write', saltCollectionName(entity.collection)),
    summarySource: () => collectionOf(em, 'write', summaryCollectionName(entity.collection)),
    repository,
  };
}

function isCollection(target: unknown): target is NativeCollection {
  return (
    hasMethods(target, 'initializeUnorderedBulkOp', 'find', 'indexes', 'countDocuments') &&
    isText((target as { collectionName?: unknown }).collectionName)
  );
}
