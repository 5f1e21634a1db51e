import type { MikroORM } from '@mikro-orm/core';
import { databaseError, isSetup } from '../mikro-orm/database-error.js';
import type { UsageRow } from '../mikro-orm/usage-row.js';
import { convert } from './errors.js';
import { conditionOf } from './portable/errors.js';
import type { UsageTable } from './usage-table.js';

/**
 * Checks that the table is there with every column, and may be read: reads a row, as every engine answers that alike and
 * nothing is changed by it.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if it cannot be read, with what to do; any other error is the connection's
 */
export async function checkReadable(orm: MikroORM, { entity, name, columns }: UsageTable): Promise<void> {
  const driver = orm.em.getDriver();
  const fields = columns.map(({ property }) => property);
  try {
    await driver.find<UsageRow, never, keyof UsageRow>(entity.class, {}, { fields, limit: 1 });
  } catch (thrown) {
    const error = convert(driver, thrown);
    if (!isSetup(conditionOf(error))) throw error;
    const advice =
      'With readOnly, nothing is made or changed. If the table or a column is missing, have an application make it that ' +
      'writes there (SqlStorage.connect without readOnly, or its migrations); if a right is, grant the user select on the table.';
    throw databaseError(error, { advice }, `The table '${name}' cannot be read`);
  }
}
