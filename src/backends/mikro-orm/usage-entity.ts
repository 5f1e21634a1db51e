import { type EntityRepositoryType, type EntitySchema, defineEntity } from '@mikro-orm/core';
import { FIELDS, type Field } from '../../record/fields.js';
import type { IndexedField } from './connect-options.js';
import { COLUMN_TYPES, DEFAULT_TABLE_NAME, USAGE_ENTITY_NAME, propertiesOf } from './usage-properties.js';
import { UsageRepository } from './usage-repository.js';
import type { UsageRow } from './usage-row.js';

/** A stored record, as MikroORM sees it. Its repository is a {@link UsageRepository}. */
export interface UsageEntity extends UsageRow {
  [EntityRepositoryType]?: UsageRepository;
}

/** Defines the entity of usage records for another table than `koa_usage`. */
export function defineUsage(tableName: string): EntitySchema<UsageEntity> {
  return defineEntity({
    name: USAGE_ENTITY_NAME,
    tableName,
    repository: () => UsageRepository,
    properties: propertiesOf(COLUMN_TYPES),
    indexes: [{ properties: ['date', 'id'] }],
  }) as unknown as EntitySchema<UsageEntity>;
}

/**
 * Adds indexes for filters to an entity. Behind the field, each has those of the index of pages, so that no page is sorted.
 *
 * @param maxLength - the length in characters up to which an index takes whole texts; of longer ones it has the beginning
 */
export function addIndexes(
  entity: EntitySchema<UsageEntity>,
  fields: readonly IndexedField[],
  maxLength = Infinity,
): void {
  for (const field of fields) {
    const { maxLength: length = 0 }: Field = FIELDS[field];
    const columns = length > maxLength ? [{ name: field, length: maxLength }] : [];
    entity.addIndex({ properties: [field, 'date', 'id'], columns });
  }
}

/**
 * The entity of usage records in `koa_usage`. Put it among the entities of the application's MikroORM to have its
 * migrations see it: `MikroORM.init({ entities: [Usage, …] })`.
 */
export const Usage: EntitySchema<UsageEntity> = defineUsage(DEFAULT_TABLE_NAME);
