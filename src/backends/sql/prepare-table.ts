import { setTimeout as pause } from 'node:timers/promises';
import { LockWaitTimeoutException, type MikroORM, TableExistsException } from '@mikro-orm/core';
import {
  type AbstractSqlConnection,
  type AbstractSqlPlatform,
  DatabaseSchema,
  type DatabaseTable,
  type IndexDef,
  type SchemaHelper,
  type Table,
} from '@mikro-orm/sql';
import { TrackUsageError } from '../../errors.js';
import { databaseError, isSetup } from '../base/database-error.js';
import type { UsageRow } from '../base/usage-row.js';
import type { PrepareTable, SqlDialect } from './dialect.js';
import { convert } from './errors.js';
import { conditionOf } from './portable/errors.js';
import { type WantedTable, checkTable, createTable } from './table-check.js';
import type { UsageTable } from './usage-table.js';

/** How long another connection's lock is waited for, in milliseconds. */
const PATIENCE_MS = 5000;
const LOCK_PAUSE_MS = 20;

/** How often a table is looked at before it is given up: another process may make the table that this one could not. */
const LOOKS = 5;
const LOOK_PAUSE_MS = 100;

const ANOTHER_NAME = { advice: 'Give SqlStorage.connect another tableName.' };

/**
 * Parts of a table that are not compared, and so not read: MariaDB opens every table of the database to look
 * for foreign keys, and MariaDB's and MySQL's checks are not to be found by each other's driver.
 */
const NOT_READ = [
  'getAllChecks',
  'getAllEnumDefinitions',
  'getAllForeignKeys',
  'getAllPolicies',
  'getAllTriggers',
  'getPartitions',
];

/** A table on a connection of our own, with the parts of MikroORM that read and change it. */
interface Target extends WantedTable {
  readonly orm: MikroORM;
  readonly dialect: SqlDialect;
  readonly connection: AbstractSqlConnection;
}

/**
 * Makes the table and its indexes on a connection of our own if they are missing, and checks the table if it is there; columns
 * that a later version brought are added, and indexes. MikroORM writes the SQL, and reads this table alone.
 * Several processes may do so at once: the process that comes second fails, and finds the table that another has made.
 *
 * @param mayChange - whether anything may be made or changed; else the table has only to be there with every column
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there and cannot hold records, or a right is missing, with the
 *   SQL to run
 */
export async function prepareTable(
  orm: MikroORM,
  table: UsageTable,
  dialect: SqlDialect,
  mayChange = true,
): Promise<void> {
  const platform = orm.em.getPlatform() as AbstractSqlPlatform;
  const helper = platform.getSchemaHelper() as SchemaHelper;
  for (const name of NOT_READ) Object.assign(helper, { [name]: () => Promise.resolve({}) });
  const namespace = table.schema ?? platform.getDefaultSchemaName();
  const schema = DatabaseSchema.fromMetadata([table.entity], platform, orm.config, namespace, orm.em);
  const wanted = schema.getTables()[0] as DatabaseTable;
  if (table.hasMonths) wanted.setPartitioning({ definition: 'range (id)', partitions: [] });
  const connection = orm.em.getConnection('write') as AbstractSqlConnection;
  const target = { orm, table, dialect, platform, helper, wanted, connection };
  const prepare: PrepareTable = (makeIndex) =>
    mayChange ? makeOrCheck(target, makeIndex) : checkReadable(orm, table);
  await (dialect.aroundTable?.(orm, prepare, table) ?? prepare());
}

async function makeOrCheck(target: Target, makeIndex?: (sql: string) => Promise<unknown>): Promise<void> {
  const { orm, connection, helper } = target;
  const { schema } = target.table;
  for (let look = 1; ; look += 1) {
    const found = await patiently(orm, () => findTable(target));
    const namespace = found === null && schema !== null ? [helper.getCreateNamespaceSQL(schema)] : [];
    const changes = found === null ? createTable(target) : checkTable(target, found);
    const execute = (sql: string): Promise<unknown> =>
      found !== null && makeIndex && sql.startsWith('create index')
        ? makeIndex(sql)
        : connection.execute(sql);
    // A user without the right to make a schema may use one that is there.
    for (const sql of namespace) await connection.execute(sql).catch(() => {});
    try {
      for (const sql of changes) await patiently(orm, () => execute(sql));
      return;
    } catch (error) {
      if (error instanceof TrackUsageError) throw error;
      if (look === LOOKS) throw changeError(error, target, [...namespace, ...changes], found === null);
    }
    await pause(LOOK_PAUSE_MS);
  }
}

/**
 * Checks that the table is there with every column, and may be read. It reads a row: all engines do that alike, and it changes
 * nothing.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table cannot be read, with advice; any other error is the connection's
 */
export async function checkReadable(orm: MikroORM, { entity, name, columns }: UsageTable): Promise<void> {
  const fields = columns.map(({ property }) => property);
  try {
    await orm.em.getDriver().find<UsageRow, never, keyof UsageRow>(entity.class, {}, { fields, limit: 1 });
  } catch (thrown) {
    const error = convert(orm, thrown);
    if (!isSetup(conditionOf(error))) throw error;
    const advice =
      'Nothing is made or changed here. If the table or a column is missing, have an application make it that ' +
      'writes there (SqlStorage.connect without readOnly, or its migrations); if a right is, grant the user select on the table.';
    throw databaseError(error, { advice }, `The table '${name}' cannot be read`);
  }
}

/** Does something again and again, without holding the event loop, while another connection has a lock. */
export async function patiently<Value>(orm: MikroORM, action: () => Value | Promise<Value>): Promise<Value> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      const isLocked = convert(orm, error) instanceof LockWaitTimeoutException;
      if (!isLocked || performance.now() > deadline) throw error;
      await pause(LOCK_PAUSE_MS);
    }
  }
}

/** The table as MikroORM reads it from the database; null if it is missing. */
async function findTable(target: Target): Promise<DatabaseTable | null> {
  const { orm, table, dialect, platform, connection, helper, wanted } = target;
  const place = await locate(target);
  if (place === undefined) return null;
  const driver = orm.em.getDriver();
  const namespace = place.schema_name;
  const schema = new DatabaseSchema(platform, namespace as string);
  try {
    await helper.loadInformationSchema(schema, connection, [place], namespace ? [namespace] : undefined);
    const found = schema.getTables()[0] as DatabaseTable;
    // A table whose columns are not shown may not be used, and the server says so.
    if (found.getColumns().length === 0) await driver.find(table.entity.class, {}, { limit: 1 });
    // MikroORM finds no primary keys in Oracle.
    if (driver.getDependencies().includes('oracledb'))
      found.setIndexes([...found.getIndexes(), wanted.getPrimaryKey() as IndexDef]);
    return found;
  } catch (error) {
    // MikroORM stumbles over columns without a type, which SQLite has.
    const condition =
      error instanceof TypeError ? ANOTHER_NAME : dialect.conditionOf(convert(orm, error), orm, table);
    throw isSetup(condition)
      ? databaseError(error, condition, `The table '${table.name}' cannot be read`)
      : error;
  }
}

/** Where the table is; undefined if there is none of this name, or a view. */
async function locate({ table, dialect, platform, connection, helper }: Target): Promise<Table | undefined> {
  const { name, schema } = table;
  if (schema !== null && !platform.supportsSchemas()) {
    throw new TrackUsageError(
      'INVALID_OPTION',
      `SqlStorage.connect: the option 'schema' is '${schema}', and this server has no schemas beside its databases; ` +
        "name the database in 'dbName'.",
    );
  }
  if (dialect.locateSql !== undefined) {
    const quoted = schema === null ? null : platform.quoteValue(schema);
    const rows = await connection.execute<Table[]>(dialect.locateSql(platform.quoteValue(name), quoted));
    return rows[0];
  }
  const namespace = schema ?? platform.getDefaultSchemaName();
  const tables = await helper.getAllTables(connection, namespace === undefined ? undefined : [namespace]);
  return tables.find(
    ({ table_name: found, schema_name: place }) =>
      found.toLowerCase() === name.toLowerCase() && (place ?? namespace) === namespace,
  );
}

/** The error of a table that could not be made, or changed. */
function changeError(
  error: unknown,
  { orm, table, dialect }: Target,
  changes: readonly string[],
  isMissing: boolean,
): unknown {
  const converted = convert(orm, error);
  const failed = (advice: string, failure: string): TrackUsageError =>
    databaseError(error, { advice }, `The table '${table.name}' ${failure}`);
  if (isMissing && converted instanceof TableExistsException)
    return failed(ANOTHER_NAME.advice, 'is a view, or no table');
  const condition = dialect.conditionOf(converted, orm, table);
  if (!isSetup(condition)) return error;
  const sql = changes.join('; ');
  return isMissing
    ? failed(`Let the user make tables, or have somebody run: ${sql}; ${condition.advice}`, 'cannot be made')
    : failed(`Have somebody who may run: ${sql};`, 'has to be changed');
}
