import { MikroORM, type Options } from '@mikro-orm/core';
import { SqlStorage, defineUsage } from '../../src/backends/sql/index.js';
import { OWN_CONNECTIONS } from '../../src/backends/sql/sql-storage.js';
import { prepareTable } from '../../src/backends/sql/prepare-table.js';
import { portableDialect } from '../../src/backends/sql/portable/dialect.js';
import { findUsageTable } from '../../src/backends/sql/usage-table.js';

/** A storage on its own connection that writes in the portable way, whatever the driver's own dialect is. */
export async function connectPortable(
  options: Partial<Options>,
  tableName = 'koa_usage',
): Promise<SqlStorage> {
  const orm = await MikroORM.init({
    pool: { min: 0, max: 2 },
    ...options,
    entities: [defineUsage(tableName)],
  } as Options);
  return assumePortable(orm);
}

/** The same for an ORM that is there; closing the storage closes it. */
export async function assumePortable(orm: MikroORM): Promise<SqlStorage> {
  const table = findUsageTable(orm);
  try {
    await prepareTable(orm, table, portableDialect);
  } catch (error) {
    await orm.close(true);
    throw error;
  }
  OWN_CONNECTIONS.set(orm, { dialect: portableDialect, table, isReadOnly: false });
  return new SqlStorage(orm);
}
