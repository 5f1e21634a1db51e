import type { EntityMetadata, MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../errors.js';
import { USAGE_ENTITY_NAME } from '../usage-entity.js';
import { USAGE_COLUMNS, type UsageColumn, type UsageRow } from '../usage-row.js';

/** A column with its name in the database. */
export interface TableColumn extends UsageColumn {
  readonly name: string;
}

/** The table that records are written to, as the ORM knows it. */
export interface UsageTable {
  readonly entity: EntityMetadata<UsageRow>;
  readonly name: string;
  readonly columns: readonly TableColumn[];
}

/**
 * Finds the table of usage records in an ORM.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the ORM does not know the entity
 */
export function findUsageTable(orm: MikroORM): UsageTable {
  const entities: Iterable<EntityMetadata> = orm.getMetadata().getAll().values();
  const entity = [...entities].find(({ className }) => className === USAGE_ENTITY_NAME);
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
    columns: USAGE_COLUMNS.map(({ property, value }) => ({
      property,
      value,
      name: columnName(entity, property),
    })),
  };
}

function columnName(entity: EntityMetadata, property: string): string {
  return (entity.properties[property] as { fieldNames?: string[] } | undefined)?.fieldNames?.[0] ?? property;
}
