import { DEFAULT_TABLE_NAME } from '../../record/columns.js';
import { type EntitySchema, type MikroORM, defineEntity, p } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import { databaseError } from '../base/database-error.js';
import { findEntity } from '../mikro-orm/usage-properties.js';
import { type UsageTable, findSchema } from './usage-table.js';

/** The entity's name in MikroORM. An application's own entity must not have it. */
const SALT_ENTITY_NAME = 'KoaTrackUsageSalt';

/** How wide the column of days is, in characters: `YYYY-MM-DD`. */
const DAY_LENGTH = 10;

/** How wide the column of salts is, in characters: 32 bytes in hexadecimal. */
const SALT_LENGTH = 64;

/** The salt of a day, as MikroORM sees it. It lives for 48 hours. */
export interface UsageSaltRow {
  /** The day in UTC, as `YYYY-MM-DD`. */
  day: string;
  /** 32 random bytes, in hexadecimal. */
  salt: string;
}

/** The name of the table of salts beside a table of records. */
export function saltTableName(tableName: string): string {
  return `${tableName}_salt`;
}

/**
 * Defines the entity of salts that belongs to `defineUsage(tableName)`.
 *
 * @param tableName - the name of the table of records; the table of salts has `_salt` behind it
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

/** The table that salts are kept in. */
export interface SaltTable {
  readonly name: string;
  /** The schema that it is in; null if it is in the server's default one. */
  readonly schema: string | null;
  /** Whether the table is ours to make. */
  readonly isOwn: boolean;
}

/** The columns, by name, with the types that every SQL database has. */
export const SALT_COLUMNS = {
  day: `varchar(${DAY_LENGTH})`,
  salt: `varchar(${SALT_LENGTH})`,
} as const;

/**
 * Finds the table of salts; null if the application's ORM knows none.
 *
 * @param ownTable - the table of records, on a connection of our own: the table of salts stands beside it
 */
export function findSaltTable(orm: MikroORM, ownTable: UsageTable | undefined): SaltTable | null {
  if (ownTable !== undefined)
    return { name: saltTableName(ownTable.name), schema: ownTable.schema, isOwn: true };
  const entity = findEntity(orm, SALT_ENTITY_NAME);
  if (entity === undefined) return null;
  return { name: entity.tableName, schema: findSchema(orm, entity), isOwn: false };
}

/**
 * Stands for salts where the application's ORM knows no table of them.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP`, with advice
 */
export async function refuseSalts(): Promise<never> {
  throw new TrackUsageError(
    'STORAGE_SETUP',
    "The option 'visitors' keeps a salt a day, and this MikroORM does not know the entity UsageSalt. Import it from " +
      "'koa-track-usage/sql', put it among its entities (MikroORM.init({ entities: [Usage, UsageSalt, …] })), and run " +
      'its migrations.',
  );
}

/**
 * The error that an error of a table of salts amounts to: `STORAGE_SETUP` if a person has to act, `STORAGE_UNAVAILABLE` if it
 * may pass.
 */
export function saltError(error: unknown, { name, isOwn }: SaltTable, isSetup: boolean): Error {
  const columns = `day ${SALT_COLUMNS.day} primary key, salt ${SALT_COLUMNS.salt} not null`;
  const advice = isOwn
    ? `Have somebody who may run: create table ${name} (${columns}); and grant the user select, insert and delete on it.`
    : 'Run the migrations of the MikroORM that has the entity UsageSalt; its user needs select, insert and delete on it.';
  return databaseError(error, isSetup ? { advice } : 'unavailable', `The table '${name}' cannot be used`);
}
