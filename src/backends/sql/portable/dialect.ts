import { AbstractSqlPlatform } from '@mikro-orm/sql';
import type { SqlDialect } from '../dialect.js';
import { cannotOpen } from '../errors.js';
import { conditionOf } from './errors.js';
import { createPortableWriter } from './writer.js';

/**
 * Every other database that MikroORM has an SQL driver for, such as SQL Server and Oracle, and SQLite by other clients than
 * better-sqlite3 and libsql. All statements go through MikroORM's own driver.
 */
export const portableDialect: SqlDialect = {
  name: 'sql',
  isEmbedded: false,
  reservedNames: null,
  connectionOptions: {},
  matches: (driver) => driver.getPlatform() instanceof AbstractSqlPlatform,
  conditionOf,
  createWriter: createPortableWriter,
  explainConnect: (target, error) =>
    cannotOpen(
      `the database ${target}`,
      error,
      conditionOf(error),
      'Check the host, the port, the user and the password, that the database is there, and that the user may make ' +
        'a table in it.',
    ),
};
