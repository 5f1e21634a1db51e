import { DEFAULT_TABLE_NAME } from '../../record/columns.js';
import { type EntityMetadata, type EntitySchema, type MikroORM, defineEntity, p } from '@mikro-orm/core';
import type { SummaryRow } from '../../storage/summary-store.js';
import { ExactTextType, LongTextType } from '../mikro-orm/mysql-column-types.js';
import { Usage, defineUsage } from './usage-entity.js';
import { findEntity } from '../mikro-orm/usage-properties.js';
import { UsageSalt, defineUsageSalt } from './salt-table.js';
import { findSchema } from './usage-table.js';

/** The entity's name in MikroORM. An application's own entity must not have it. */
const SUMMARY_ENTITY_NAME = 'KoaTrackUsageSummary';

/** A row of the table of summaries, as MikroORM sees it. */
export type UsageSummaryRow = SummaryRow;

/** The name of the table of summaries beside a table of records. */
export function summaryTableName(tableName: string): string {
  return `${tableName}_summary`;
}

const text = (column: string, length: number) => p.type(ExactTextType).length(length).fieldName(column);

/**
 * Defines the entity of summaries that belongs to `defineUsage(tableName)`.
 *
 * @param tableName - the name of the table of records; the table of summaries has `_summary` behind it
 */
export function defineUsageSummaries(tableName: string): EntitySchema<UsageSummaryRow> {
  const name = summaryTableName(tableName);
  return defineEntity({
    name: SUMMARY_ENTITY_NAME,
    tableName: name,
    properties: {
      id: text('id', 64).primary(),
      kind: text('kind', 8),
      dimension: text('dimension', 40),
      startMs: p.bigint('number').fieldName('start_ms'),
      endMs: p.bigint('number').fieldName('end_ms'),
      edition: text('edition', 36),
      data: p.type(LongTextType).fieldName('data'),
    },
    indexes: [{ properties: ['kind', 'dimension', 'startMs'], name: `${name}_span` }],
  }) as unknown as EntitySchema<UsageSummaryRow>;
}

/** The entity of summaries, in `koa_usage_summary`. */
export const UsageSummaries: EntitySchema<UsageSummaryRow> = defineUsageSummaries(DEFAULT_TABLE_NAME);

/**
 * All entities of this library, for the application's MikroORM: records, summaries, and the salts of the option `visitors`.
 *
 * ```ts
 * MikroORM.init({ entities: [...usageEntities(), User, Order] });
 * ```
 *
 * @param tableName - the table of records. @default 'koa_usage'
 */
export function usageEntities(tableName: string = DEFAULT_TABLE_NAME): EntitySchema[] {
  const entities =
    tableName === DEFAULT_TABLE_NAME
      ? [Usage, UsageSummaries, UsageSalt]
      : [defineUsage(tableName), defineUsageSummaries(tableName), defineUsageSalt(tableName)];
  return entities as EntitySchema[];
}

/** The table that rows of summaries are kept in. */
export interface SummaryTable {
  readonly entity: EntityMetadata;
  readonly name: string;
  /** The schema that it is in; null if it is in the server's default one. */
  readonly schema: string | null;
  /** Whether the table is ours to make. */
  readonly isOwn: boolean;
}

/** Finds the table of summaries; null if the ORM knows none. */
export function findSummaryTable(orm: MikroORM, isOwn: boolean): SummaryTable | null {
  const entity = findEntity(orm, SUMMARY_ENTITY_NAME);
  if (entity === undefined) return null;
  return { entity, name: entity.tableName, schema: findSchema(orm, entity), isOwn };
}
