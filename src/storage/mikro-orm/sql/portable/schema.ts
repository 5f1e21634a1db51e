import { setTimeout as pause } from 'node:timers/promises';
import {
  DatabaseObjectNotFoundException,
  type IDatabaseDriver,
  InvalidFieldNameException,
  type MikroORM,
} from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { TrackUsageError } from '../../../../errors.js';
import type { UsageRow } from '../../usage-row.js';
import type { TableColumn, UsageTable } from '../usage-table.js';
import { convert } from './errors.js';

/** How often a table is looked for again while another process seems to make it. */
const LOOKS = 20;
const PAUSE_MS = 100;

/** The one change to a table that loses nothing and fits every row that is there. */
const ADDS_COLUMN = /^alter table \S+ add /i;

/**
 * Makes the table and its index by MikroORM's schema generator if the table is missing, and checks that it has every
 * column if it is there; columns that a later version brought are added. Several processes may do so at once: all but
 * one fail, and find what that one made.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there without columns that have to have a value
 */
export async function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  const driver = orm.em.getDriver();
  const isDone = (): Promise<boolean> => hasColumns(driver, table, table.columns);
  if (await isDone()) return;
  try {
    await ((await hasColumns(driver, table, [])) ? addColumns(orm, table) : orm.schema.create());
  } catch (error) {
    if (error instanceof TrackUsageError) throw error;
    for (let look = 1; look <= LOOKS; look += 1) {
      if (await isDone()) return;
      await pause(PAUSE_MS);
    }
    throw convert(driver, error);
  }
}

/** Whether the table is there with these columns, or at all: reads a row, as every engine answers that alike. */
async function hasColumns(
  driver: IDatabaseDriver,
  { entity }: UsageTable,
  columns: readonly TableColumn[],
): Promise<boolean> {
  try {
    if (columns.length === 0) await driver.count(entity.class, { id: '' }, { connectionType: 'write' });
    else {
      await driver.find<UsageRow, never, keyof UsageRow>(
        entity.class,
        {},
        { fields: columns.map(({ property }) => property), limit: 1, connectionType: 'write' },
      );
    }
    return true;
  } catch (thrown) {
    const error = convert(driver, thrown);
    if (error instanceof DatabaseObjectNotFoundException || error instanceof InvalidFieldNameException)
      return false;
    throw error;
  }
}

async function addColumns(orm: MikroORM, table: UsageTable): Promise<void> {
  const driver = orm.em.getDriver();
  const missing: TableColumn[] = [];
  for (const column of table.columns) if (!(await hasColumns(driver, table, [column]))) missing.push(column);
  const update = await orm.schema.getUpdateSchemaSQL({ wrap: false, safe: true, dropTables: false });
  const statements = update
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => ADDS_COLUMN.test(statement));
  if (missing.every(({ isNullable }) => isNullable)) {
    const connection = driver.getConnection('write') as AbstractSqlConnection;
    for (const statement of statements) await connection.execute(statement);
    return;
  }
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The table '${table.name}' is not one of usage records: it lacks the columns ` +
      `${missing.map(({ name }) => name).join(', ')}. Rename that table, or give SqlStorage.connect another ` +
      `tableName. To keep usage records in it nevertheless, run: ${statements.join('; ')};`,
  );
}
