import { DEFAULT_TABLE_NAME } from '../../record/columns.js';
import { type EntitySchema, defineEntity } from '@mikro-orm/core';
import type { UsageEntity } from '../mikro-orm/usage-entity.js';
import { USAGE_ENTITY_NAME } from '../mikro-orm/usage-properties.js';
import { documentProperties } from './usage-document.js';
import { MongoUsageRepository } from './usage-repository.js';

/** Defines the entity of usage records for another collection than `koa_usage`. */
export function defineUsage(collection: string): EntitySchema<UsageEntity> {
  return defineEntity({
    name: USAGE_ENTITY_NAME,
    tableName: collection,
    repository: () => MongoUsageRepository,
    properties: documentProperties,
    indexes: [{ properties: ['date', 'id'] }],
  }) as unknown as EntitySchema<UsageEntity>;
}

/**
 * The entity of usage records in `koa_usage`. Put it among the entities of the application's MikroORM, whose
 * `orm.schema.ensureIndexes()` makes the index: `MikroORM.init({ entities: [Usage, …] })`.
 */
export const Usage: EntitySchema<UsageEntity> = defineUsage(DEFAULT_TABLE_NAME);
