import type { EntityMetadata, EntityProperty, MikroORM } from '@mikro-orm/core';
import { findEntity, USAGE_ENTITY_NAME } from '../mikro-orm/usage-properties.js';
import { TrackUsageError } from '../../errors.js';
import type { UsageRow } from '../base/usage-row.js';
import { USAGE_COLUMNS, type UsageColumn } from '../../record/columns.js';

/** A column as the ORM knows it. */
export interface TableColumn extends Pick<UsageColumn, 'property' | 'name' | 'isNullable'> {
  /** The type as the database calls it, such as `varchar(255)`. */
  readonly type: string;
  /** The type as MikroORM calls it: `'string'`, `'number'`, `'boolean'`, `'Date'`, or `'any'` for JSON. */
  readonly kind: string;
}

/** The table that records are written to, as the ORM knows it. */
export interface UsageTable {
  readonly entity: EntityMetadata<UsageRow>;
  readonly name: string;
  /** The schema that it is in; null if it is in the server's default one. */
  readonly schema: string | null;
  readonly columns: readonly TableColumn[];
  /** Whether it is to be made of a partition for each month. */
  readonly hasMonths: boolean;
}

/**
 * Finds the table of usage records in an ORM.
 *
 * @param hasMonths - whether it is to be made of a partition for each month
 * @throws {TrackUsageError} `STORAGE_SETUP` if the ORM does not know the entity
 */
export function findUsageTable(orm: Pick<MikroORM, 'em' | 'config'>, hasMonths = false): UsageTable {
  const entity = findEntity(orm, USAGE_ENTITY_NAME);
  if (entity === undefined) {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      "new SqlStorage(orm): this MikroORM does not know the entity Usage. Import it from 'koa-track-usage/sql' and " +
        'put it among its entities: MikroORM.init({ entities: [Usage, …] }).',
    );
  }
  return {
    entity: entity as EntityMetadata<UsageRow>,
    name: entity.tableName,
    schema: findSchema(orm, entity),
    hasMonths,
    columns: USAGE_COLUMNS.map(({ property }) => {
      const known: Partial<EntityProperty> = entity.properties[property] ?? {};
      return {
        property,
        name: known.fieldNames?.[0] ?? property,
        type: known.columnTypes?.[0] ?? '',
        kind: known.runtimeType ?? 'any',
        isNullable: known.nullable === true,
      };
    }),
  };
}

/** The schema of an ORM. MikroORM takes one from the URL as well, but only when it connects, and it need not have done so. */
export function configuredSchema({ config }: Pick<MikroORM, 'config'>): string | undefined {
  const { schema, clientUrl } = config.getAll();
  const isChosen = schema !== undefined && schema !== config.getPlatform().getDefaultSchemaName();
  if (isChosen || clientUrl === undefined || !URL.canParse(clientUrl)) return schema;
  return new URL(clientUrl).searchParams.get('schema') ?? schema;
}

/** The schema as MikroORM chooses it for reading. */
export function findSchema(orm: Pick<MikroORM, 'em' | 'config'>, entity: EntityMetadata): string | null {
  const isFixed = entity.schema !== undefined && entity.schema !== '*';
  const schema = isFixed ? entity.schema : configuredSchema(orm);
  return schema === undefined || schema === orm.em.getPlatform().getDefaultSchemaName() ? null : schema;
}
