import { setTimeout as pause } from 'node:timers/promises';
import {
  DatabaseObjectNotFoundException,
  type IDatabaseDriver,
  InvalidFieldNameException,
  type MikroORM,
} from '@mikro-orm/core';
import {
  type AbstractSqlConnection,
  type AbstractSqlPlatform,
  type Column,
  DatabaseSchema,
  type DatabaseTable,
} from '@mikro-orm/sql';
import { TrackUsageError } from '../../../errors.js';
import type { UsageRow } from '../../mikro-orm/usage-row.js';
import { type FoundColumn, checkTable } from '../table-check.js';
import type { UsageTable } from '../usage-table.js';
import { convert } from './errors.js';

/** How often a table is looked for again while another process seems to make it. */
const LOOKS = 20;
const PAUSE_MS = 100;

/** The changes to a table that lose nothing and fit every row that is there. */
const ADDS_COLUMN = /^alter table \S+ add (?!constraint |primary )/i;
const MAKES_INDEX = /^create (?:\w+ )?index /i;

/**
 * Makes the table and its index by MikroORM's schema generator if the table is missing, and checks it if it is there, as
 * far as MikroORM can tell; columns that a later version brought are added, and the index. Several processes may do so at
 * once: all but one fail, and find what that one made.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there with other columns
 */
export async function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  const driver = orm.em.getDriver();
  const isDone = (): Promise<boolean> => hasColumns(driver, table);
  const isThere = await isDone();
  try {
    const schema = await readSchema(orm, table);
    const found = schema.getTable(table.name);
    if (found !== undefined) await checkAndMend(orm, table, schema, found);
    else if (!isThere) await orm.schema.create();
  } catch (error) {
    if (error instanceof TrackUsageError) throw error;
    for (let look = 1; look <= LOOKS; look += 1) {
      if (await isDone()) return;
      await pause(PAUSE_MS);
    }
    throw convert(driver, error);
  }
}

/** Whether the table is there with every column: reads a row, as every engine answers that alike. */
async function hasColumns(driver: IDatabaseDriver, { entity, columns }: UsageTable): Promise<boolean> {
  try {
    await driver.find<UsageRow, never, keyof UsageRow>(
      entity.class,
      {},
      { fields: columns.map(({ property }) => property), limit: 1, connectionType: 'write' },
    );
    return true;
  } catch (thrown) {
    const error = convert(driver, thrown);
    if (error instanceof DatabaseObjectNotFoundException || error instanceof InvalidFieldNameException)
      return false;
    throw error;
  }
}

/** The table as MikroORM finds it in the database, and nothing else. */
function readSchema(orm: MikroORM, { name, schema }: UsageTable): Promise<DatabaseSchema> {
  const platform = orm.em.getPlatform() as AbstractSqlPlatform;
  const namespace = schema ?? platform.getDefaultSchemaName();
  return DatabaseSchema.create(
    writeConnection(orm),
    platform,
    orm.config,
    namespace,
    namespace === undefined ? undefined : [namespace],
    [name],
  );
}

/** Adds what is missing and may be added; what else is wrong is for a person. */
async function checkAndMend(
  orm: MikroORM,
  table: UsageTable,
  schema: DatabaseSchema,
  found: DatabaseTable,
): Promise<void> {
  const columns = found.getColumns();
  const isIndexed = found.getIndexes().some(({ columnNames, where, expression }) => {
    const [first, second] = columnNames;
    return first === 'date' && second === 'id' && where === undefined && expression === undefined;
  });
  // MikroORM would rename columns of somebody else rather than add ours.
  for (const { name } of columns)
    if (!table.columns.some((column) => column.name === name)) found.removeColumn(name);
  const { up } = await orm.schema.getUpdateSchemaMigrationSQL({
    wrap: false,
    safe: true,
    fromSchema: schema,
  });
  const statements = up.split(/;\s*$/m).map((statement) => statement.trim());
  const foundTable = {
    columns: columns.map((column) => describeColumn(column)),
    // MikroORM finds no primary keys in Oracle.
    primaryKey: orm.em.getDriver().getDependencies().includes('oracledb')
      ? ['id']
      : columns.filter(({ primary }) => primary === true).map(({ name }) => name),
  };
  const platform = orm.em.getPlatform();
  const changes = checkTable(table, foundTable, {
    quote: (identifier) => platform.quoteIdentifier(identifier),
    tableName: platform.quoteIdentifier(table.name),
    // What an engine calls a type is not known here, nor how it changes a column.
    holds: () => true,
    retype: () => null,
    dropNotNull: () => null,
    addPrimaryKey: null,
    additions: statements.filter((statement) => ADDS_COLUMN.test(statement)),
  });
  if (!isIndexed) changes.push(...statements.filter((statement) => MAKES_INDEX.test(statement)));
  for (const statement of changes) await writeConnection(orm).execute(statement);
}

function describeColumn({ name, type, nullable, ...rest }: Column): FoundColumn {
  const { default: byDefault, autoincrement, generated, extra } = rest;
  return {
    name,
    type,
    isNullable: nullable === true,
    hasDefault: (byDefault ?? null) !== null || Boolean(autoincrement || generated || extra),
  };
}

function writeConnection(orm: MikroORM): AbstractSqlConnection {
  return orm.em.getConnection('write') as AbstractSqlConnection;
}
