import { type EntitySchema, defineEntity, p } from '@mikro-orm/core';
import { DEFAULT_TABLE_NAME } from '../mikro-orm/usage-properties.js';

/** What MikroORM knows the entity by. It must not meet an application's own. */
export const SALT_ENTITY_NAME = 'KoaTrackUsageSalt';

/** How wide the column of days is, in characters: `YYYY-MM-DD`. */
export const DAY_LENGTH = 10;

/** How wide the column of salts is, in characters: 32 bytes in hexadecimal. */
export const SALT_LENGTH = 64;

/** The salt of a day, as MikroORM sees it. It lives for 48 hours. */
export interface UsageSaltRow {
  /** The day in UTC, as `YYYY-MM-DD`. */
  day: string;
  /** 32 random bytes, in hexadecimal. */
  salt: string;
}

/** What the table of salts is called that stands beside a table of records. */
export function saltTableName(tableName: string): string {
  return `${tableName}_salt`;
}

/**
 * Defines the entity of salts that belongs to `defineUsage(tableName)`.
 *
 * @param tableName - what the table of records is called; that of salts has `_salt` behind it
 */
export function defineUsageSalt(tableName: string): EntitySchema<UsageSaltRow> {
  return defineEntity({
    name: SALT_ENTITY_NAME,
    tableName: saltTableName(tableName),
    properties: {
      day: p.string().length(DAY_LENGTH).primary().fieldName('day'),
      salt: p.string().length(SALT_LENGTH).fieldName('salt'),
    },
  });
}

/**
 * The entity of the salts of the option `visitors`, in `koa_usage_salt`. Put it beside `Usage` among the entities of the
 * application's MikroORM: `MikroORM.init({ entities: [Usage, UsageSalt, …] })`.
 */
export const UsageSalt: EntitySchema<UsageSaltRow> = defineUsageSalt(DEFAULT_TABLE_NAME);
