import { setTimeout as pause } from 'node:timers/promises';
import type { IDatabaseDriver, MikroORM } from '@mikro-orm/core';
import { DatabaseObjectNotFoundException, InvalidFieldNameException } from '@mikro-orm/core';
import { TrackUsageError } from '../../../../errors.js';
import type { UsageRow } from '../../usage-row.js';
import type { UsageTable } from '../usage-table.js';
import { convert } from './errors.js';

/** How often a table is looked for again while another process seems to make it. */
const LOOKS = 20;
const PAUSE_MS = 100;

/**
 * Makes the table and its index by MikroORM's schema generator if the table is missing, and checks that it has every
 * column if it is there. Several processes may do so at once: all but one fail, and find the table that it made.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there without some of the columns
 */
export async function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  const driver = orm.em.getDriver();
  if (await isThere(orm, driver, table)) return;
  try {
    await orm.schema.create();
  } catch (error) {
    for (let look = 1; look <= LOOKS; look += 1) {
      if (await isThere(orm, driver, table)) return;
      await pause(PAUSE_MS);
    }
    throw convert(driver, error);
  }
}

/** Reads a row with all the columns: the one question about a table that every engine answers alike. */
async function isThere(orm: MikroORM, driver: IDatabaseDriver, table: UsageTable): Promise<boolean> {
  try {
    const fields = table.columns.map(({ property }) => property);
    await driver.find<UsageRow, never, keyof UsageRow>(
      table.entity.class,
      {},
      { fields, limit: 1, connectionType: 'write' },
    );
    return true;
  } catch (thrown) {
    const error = convert(driver, thrown);
    if (error instanceof DatabaseObjectNotFoundException) return false;
    if (!(error instanceof InvalidFieldNameException)) throw error;
    const sql = await orm.schema.getUpdateSchemaSQL({ wrap: false, safe: true, dropTables: false });
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The table '${table.name}' is not one of usage records: ${error.message}. Rename that table, give ` +
        `SqlStorage.connect another tableName, or run: ${sql.trim()}`,
      error,
    );
  }
}
