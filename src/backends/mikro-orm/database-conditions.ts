import { type EntityName, type FilterQuery, type IDatabaseDriver, QueryHelper } from '@mikro-orm/core';
import type { UsageRow } from './usage-row.js';

/**
 * Conditions with their values as the database compares them. `em.find` converts values by itself; the driver's own
 * `find` does not. MikroORM's `processWhere` looks for relations as well, and takes twenty times as long.
 */
export function databaseConditions(
  driver: IDatabaseDriver,
  entityName: EntityName<UsageRow>,
  where: FilterQuery<UsageRow>,
): FilterQuery<UsageRow> {
  const { properties } = driver.getMetadata().get(entityName);
  const platform = driver.getPlatform();
  const convert = (conditions: object): object =>
    Object.fromEntries(
      Object.entries(conditions).map(([name, condition]: [string, unknown]) => {
        if (Array.isArray(condition)) return [name, condition.map((part: object) => convert(part))];
        const property = properties[name as keyof UsageRow];
        if (property.customType === undefined || condition === null) return [name, condition];
        return [name, QueryHelper.processCustomType(property, condition as never, platform, undefined, true)];
      }),
    );
  return convert(where as object);
}
