import type { EntityMetadata, EntityProperty, FilterQuery, Platform } from '@mikro-orm/core';
import type { UsageRow } from './usage-row.js';

/**
 * Conditions with their values as the database compares them. `em.find` does this by itself; the driver's own
 * `find` does not.
 */
export function databaseConditions(
  where: FilterQuery<UsageRow>,
  entity: EntityMetadata<UsageRow>,
  platform: Platform,
): FilterQuery<UsageRow> {
  const convert = (conditions: object): object =>
    Object.fromEntries(
      Object.entries(conditions).map(([name, condition]: [string, unknown]) => [
        name,
        Array.isArray(condition)
          ? condition.map((part: object) => convert(part))
          : convertOne(name, condition, entity, platform),
      ]),
    );
  return convert(where as object);
}

function convertOne(
  name: string,
  condition: unknown,
  entity: EntityMetadata<UsageRow>,
  platform: Platform,
): unknown {
  const properties: Readonly<Partial<Record<string, EntityProperty<UsageRow>>>> = entity.properties;
  const type = properties[name]?.customType;
  if (type === undefined || condition === null) return condition;
  const convert = (value: unknown, key?: string): unknown =>
    type.convertToDatabaseValue(value, platform, { mode: 'query', ...(key !== undefined && { key }) });
  if (typeof condition !== 'object' || condition instanceof Date) return convert(condition);
  return Object.fromEntries(
    Object.entries(condition).map(([operator, value]: [string, unknown]) => [
      operator,
      Array.isArray(value) ? value.map((one) => convert(one, operator)) : convert(value, operator),
    ]),
  );
}
