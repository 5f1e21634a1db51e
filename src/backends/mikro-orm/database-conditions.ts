import { type EntityName, type FilterQuery, type IDatabaseDriver, QueryHelper } from '@mikro-orm/core';
import type { UsageRow } from './usage-row.js';

/**
 * Conditions with their values as the database compares them. `em.find` does this by itself; the driver's own
 * `find` does not.
 */
export function databaseConditions(
  driver: IDatabaseDriver,
  entityName: EntityName<UsageRow>,
  where: FilterQuery<UsageRow>,
): FilterQuery<UsageRow> {
  return QueryHelper.processWhere<UsageRow>({
    where,
    entityName,
    metadata: driver.getMetadata(),
    platform: driver.getPlatform(),
  });
}
