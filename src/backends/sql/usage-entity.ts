import { DEFAULT_TABLE_NAME } from '../../record/columns.js';
import { type EntitySchema, defineEntity } from '@mikro-orm/core';
import type { IndexedField } from '../mikro-orm/connect-options.js';
import { COLUMN_TYPES, USAGE_ENTITY_NAME, propertiesOf } from '../mikro-orm/usage-properties.js';
import type { UsageEntity } from '../mikro-orm/usage-entity.js';
import { SqlUsageRepository } from './usage-repository.js';

/** Defines the entity of usage records for another table than `koa_usage`. */
export function defineUsage(tableName: string): EntitySchema<UsageEntity> {
  return defineEntity({
    name: USAGE_ENTITY_NAME,
    tableName,
    repository: () => SqlUsageRepository,
    properties: propertiesOf(COLUMN_TYPES),
    indexes: [{ properties: ['date', 'id'] }],
  }) as unknown as EntitySchema<UsageEntity>;
}

/** Adds an index for a filter to an entity. Behind the field, it has those of the index of pages, so that no page is sorted. */
export function addIndex(entity: EntitySchema<UsageEntity>, field: IndexedField): void {
  // A key of MySQL has at most 3,072 bytes, of which a character may take four. Other engines make nothing of a length.
  const columns = field === 'route' ? [{ name: field, length: 255 }] : [];
  entity.addIndex({ properties: [field, 'date', 'id'], columns });
}

/**
 * The entity of usage records in `koa_usage`. Put it among the entities of the application's MikroORM to have its
 * migrations see it: `MikroORM.init({ entities: [Usage, …] })`.
 */
export const Usage: EntitySchema<UsageEntity> = defineUsage(DEFAULT_TABLE_NAME);
