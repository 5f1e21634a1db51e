import type { Platform } from '@mikro-orm/core';
import { BaseMySqlPlatform } from '@mikro-orm/sql';
import type { SqlDialect } from '../dialect.js';
import { cannotOpen } from '../errors.js';
import { isReadyMade } from '../kysely.js';
import { conditionOf } from './errors.js';
import { commitByThemselves, nativePool } from './native-client.js';
import { runOnMySql } from './run-statement.js';
import { createMySqlWriter } from './writer.js';

const shared: Omit<SqlDialect, 'name' | 'matches'> = {
  isEmbedded: false,
  reservedNames: {
    // Names have at most 64 characters, an index of summaries has `_summary_span` behind the table's, and emoji are in none.
    pattern: /\s$|^.{52,}$|[\u{10000}-\u{10ffff}]/su,
    expected: 'has at most 51 characters, none of them of four bytes, and no space at its end',
  },
  connectionOptions: {
    charset: 'utf8mb4',
    collate: undefined,
    multipleStatements: false,
    driverOptions: { charset: 'utf8mb4' },
  },
  prepareConnections: async (orm) => {
    if (!isReadyMade(orm.config.get('driverOptions'))) await commitByThemselves(await nativePool(orm));
  },
  locateSql: (name) =>
    'select table_name as table_name, table_collation as table_collation from information_schema.tables ' +
    `where table_schema = database() and table_name = ${name} and table_type <> 'VIEW'`,
  clockSql: 'select unix_timestamp() * 1000 as now',
  conditionOf,
  createWriter: createMySqlWriter,
  createRunner: runOnMySql,
  explainConnect: (target, error) =>
    cannotOpen(
      `the database ${target}`,
      error,
      conditionOf(error),
      'Check that the server runs and can be reached from here.',
    ),
};

/** MariaDB's JSON is text, so that MikroORM converts it there. */
function isMariaDb(platform: Platform): boolean {
  return platform instanceof BaseMySqlPlatform && !platform.convertsJsonAutomatically();
}

/** MariaDB, by `@mikro-orm/mariadb`. */
export const mariaDbDialect: SqlDialect = {
  ...shared,
  name: 'mariadb',
  matches: (driver) => isMariaDb(driver.getPlatform()),
};

/** MySQL, by `@mikro-orm/mysql`; MariaDB too. */
export const mySqlDialect: SqlDialect = {
  ...shared,
  name: 'mysql',
  matches: (driver) => driver.getPlatform() instanceof BaseMySqlPlatform && !isMariaDb(driver.getPlatform()),
};
