import type { IDatabaseDriver } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import type { SqlDialect } from './dialect.js';
import { libSqlDialect } from './libsql/dialect.js';
import { mariaDbDialect, mySqlDialect } from './mysql/dialect.js';
import { portableDialect } from './portable/dialect.js';
import { postgresqlDialect } from './postgresql/dialect.js';
import { sqliteDialect } from './sqlite/dialect.js';

/** The portable dialect takes every SQL driver: it comes last. */
const DIALECTS: readonly SqlDialect[] = [
  sqliteDialect,
  libSqlDialect,
  postgresqlDialect,
  mySqlDialect,
  mariaDbDialect,
  portableDialect,
];

/**
 * Finds the dialect that a driver of MikroORM speaks.
 *
 * @param subject - the function that the error names
 * @throws {TrackUsageError} `STORAGE_SETUP` if it is none that records can be written in
 */
export function findDialect(driver: IDatabaseDriver, subject: string): SqlDialect {
  const dialect = DIALECTS.find((candidate) => candidate.matches(driver));
  if (dialect !== undefined) return dialect;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `${subject}: SqlStorage writes through the SQL drivers of MikroORM, and this MikroORM has the driver ` +
      `${driver.constructor.name}. Use SqliteDriver of '@mikro-orm/sqlite', or another driver for SQL.`,
  );
}
