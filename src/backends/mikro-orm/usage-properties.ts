import { type EntityMetadata, type MikroORM, type PropertyOptions, types } from '@mikro-orm/core';
import { type ColumnProperty, USAGE_COLUMNS, type UsageColumn } from '../../record/columns.js';
import {
  ExactDoubleType,
  ExactJsonType,
  ExactTextType,
  LiteralTextType,
  UtcDateTimeType,
} from './mysql-column-types.js';

/** What the table or collection is called unless it is given a name. */
export const DEFAULT_TABLE_NAME = 'koa_usage';

/** What MikroORM knows the entity by. It must not meet an application's `Usage`. */
export const USAGE_ENTITY_NAME = 'KoaTrackUsageRecord';

/** What MikroORM is told of the columns of each kind. */
type ColumnTypes = { readonly [Kind in UsageColumn['kind']]: PropertyOptions<object> };

/** The types of the columns of a table. */
export const COLUMN_TYPES: ColumnTypes = {
  id: { type: LiteralTextType, primary: true },
  date: { type: UtcDateTimeType, length: 3 },
  text: { type: ExactTextType },
  json: { type: ExactJsonType },
  number: { type: ExactDoubleType },
  integer: { type: types.integer },
  // MikroORM writes into an instance whose it is: each column needs another one.
  get count() {
    return { type: new types.bigint('number') };
  },
  boolean: { type: types.boolean },
};

/**
 * The properties of an entity, one a column. The columns' names are explicit, as an application's naming strategy is not ours,
 * and text columns are wide enough for their limits.
 */
export function propertiesOf(columnTypes: ColumnTypes): Record<ColumnProperty, PropertyOptions<object>> {
  const properties = USAGE_COLUMNS.map(({ property, name, kind, isNullable, maxLength }) => [
    property,
    {
      fieldName: name,
      ...columnTypes[kind],
      ...(isNullable && { nullable: true }),
      ...(maxLength !== undefined && { length: maxLength }),
    },
  ]);
  return Object.fromEntries(properties) as Record<ColumnProperty, PropertyOptions<object>>;
}

/** The entity that an ORM knows by a name; undefined if it knows none. */
export function findEntity(orm: Pick<MikroORM, 'em'>, name: string): EntityMetadata | undefined {
  const entities: Iterable<EntityMetadata> = orm.em.getMetadata().getAll().values();
  return [...entities].find(({ className }) => className === name);
}
