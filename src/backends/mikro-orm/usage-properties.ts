import { type EntityMetadata, type MikroORM, type PropertyOptions, types } from '@mikro-orm/core';
import { type ColumnProperty, USAGE_COLUMNS, type UsageColumn } from '../../record/columns.js';
import {
  ExactDoubleType,
  ExactJsonType,
  ExactTextType,
  LiteralTextType,
  UtcDateTimeType,
} from './mysql-column-types.js';

/** The entity's name in MikroORM, where an application's own may be called `Usage`. */
export const USAGE_ENTITY_NAME = 'KoaTrackUsageRecord';

/** MikroORM's options for the columns of each kind. */
type ColumnTypes = { readonly [Kind in UsageColumn['kind']]: PropertyOptions<object> };

/** MikroORM's options for the columns of a table. */
export const COLUMN_TYPES: ColumnTypes = {
  id: { type: LiteralTextType, primary: true },
  date: { type: UtcDateTimeType, length: 3 },
  text: { type: ExactTextType },
  json: { type: ExactJsonType },
  number: { type: ExactDoubleType },
  integer: { type: types.integer },
  // MikroORM writes a column's property into the instance of its type: each column needs an instance of its own.
  get count() {
    return { type: new types.bigint('number') };
  },
  boolean: { type: types.boolean },
};

/**
 * The properties of an entity, one a column. The names of columns are explicit, as an application may have a naming
 * strategy of its own. Text columns are as wide as the limits of their fields.
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

/** The entity of a name in an ORM; undefined if the ORM does not know it. */
export function findEntity(orm: Pick<MikroORM, 'em'>, name: string): EntityMetadata | undefined {
  const entities: Iterable<EntityMetadata> = orm.em.getMetadata().getAll().values();
  return [...entities].find(({ className }) => className === name);
}
