import type { MikroORM } from '@mikro-orm/core';
import type { SqlSchemaGenerator } from '@mikro-orm/sql';
import { TrackUsageError } from '../../../../errors.js';
import type { TableColumn, UsageTable } from '../usage-table.js';
import { quote, quoteTable, schemaOf } from './identifiers.js';
import { type NativeConnection, execute, nativePool, takeConnection } from './native-client.js';

/** How long other processes are waited for while they make the table, in seconds. */
const PATIENCE_S = 10;

interface ColumnInfo {
  readonly name: string;
  readonly type: string;
  readonly nullable: number;
  readonly defaultless: number;
  readonly isPrimary: number;
  readonly charset: string | null;
  readonly length: number | string | null;
  readonly fraction: number | null;
}

const COLUMNS = `select column_name as name, data_type as type, is_nullable = 'YES' as nullable,
  column_default is null and extra not like '%auto_increment%' and extra not like '%GENERATED%' as defaultless,
  column_key = 'PRI' as isPrimary, character_set_name as charset, character_maximum_length as length,
  datetime_precision as fraction
  from information_schema.columns where table_schema = ifnull(?, database()) and table_name = ?
  order by ordinal_position`;

const INDEXED = `select index_name as name from information_schema.statistics
  where table_schema = ifnull(?, database()) and table_name = ? group by index_name
  having group_concat(column_name order by seq_in_index) like 'date,id%'`;

const LOCK = `concat('koa-track-usage ', md5(concat(ifnull(?, database()), '.', ?)))`;

/**
 * Makes the table and its index if they are missing; if the table is there, adds what later versions of it have,
 * and checks the rest. Several processes may do so at once.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there and cannot hold records, with what to run
 */
export async function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  const connection = await takeConnection(await nativePool(orm));
  const names = [schemaOf(orm, table), table.name];
  try {
    const [lock] = await execute<{ taken: number | null }[]>(
      connection,
      `select get_lock(${LOCK}, ${PATIENCE_S}) as taken`,
      names,
    );
    if (lock?.taken !== 1) throw new Error(`another process has been making the table for ${PATIENCE_S} s`);
    try {
      await makeOrCheck(orm, table, connection, names);
    } finally {
      await execute(connection, `do release_lock(${LOCK})`, names);
    }
  } finally {
    // What a broken connection knows is gone with it: the lock, too.
    connection.release();
  }
}

async function makeOrCheck(
  orm: MikroORM,
  table: UsageTable,
  connection: NativeConnection,
  names: readonly (string | null)[],
): Promise<void> {
  const found = await execute<ColumnInfo[]>(connection, COLUMNS, names);
  if (found.length === 0) {
    const generator = orm.schema as SqlSchemaGenerator;
    await generator.execute(await generator.getCreateSchemaSQL({ wrap: false }));
    return;
  }
  checkKeys(table, found);
  await repair(orm, table, connection, found);
  const indexed = await execute<unknown[]>(connection, INDEXED, names);
  if (indexed.length > 0) return;
  const indexName = orm.em.getPlatform().getIndexName(table.name, ['date', 'id'], 'index');
  await execute(
    connection,
    `create index ${quote(indexName)} on ${quoteTable(orm, table)} (\`date\`, \`id\`)`,
  );
}

/** Adds columns that may be null; what else is wrong is for a person. */
async function repair(
  orm: MikroORM,
  table: UsageTable,
  connection: NativeConnection,
  found: readonly ColumnInfo[],
): Promise<void> {
  const missing = table.columns.filter(({ name }) => !found.some((info) => info.name === name));
  const narrow = table.columns.filter((column) =>
    found.some((info) => info.name === column.name && !holds(table, column, info)),
  );
  if (missing.length === 0 && narrow.length === 0) return;
  const changes = [
    ...missing.map((column) => `add column ${definition(table, column)}`),
    ...narrow.map((column) => `modify column ${definition(table, column)}`),
  ];
  const alter = `alter table ${quoteTable(orm, table)} ${changes.join(', ')}`;
  if (narrow.length === 0 && missing.every((column) => isNullable(table, column))) {
    await execute(connection, alter);
    return;
  }
  const problems: string[] = [];
  if (missing.length > 0) problems.push(`it lacks the columns ${namesOf(missing)}`);
  if (narrow.length > 0) problems.push(`not every record fits into the columns ${namesOf(narrow)}`);
  refuse(table, problems.join('; '), `Run ${alter}; or give SqlStorage.connect another tableName`);
}

function namesOf(columns: readonly TableColumn[]): string {
  return columns.map(({ name }) => name).join(', ');
}

function checkKeys(table: UsageTable, found: readonly ColumnInfo[]): void {
  const advice = 'Rename that table, or give SqlStorage.connect another tableName';
  const demanding = found.filter(
    (info) =>
      !table.columns.some(({ name }) => name === info.name) && info.nullable === 0 && info.defaultless === 1,
  );
  if (demanding.length > 0) {
    const names = demanding.map(({ name }) => name).join(', ');
    refuse(table, `it demands values for ${names}, which records do not have`, advice);
  }
  const primary = found.filter(({ isPrimary }) => isPrimary === 1).map(({ name }) => name);
  if (primary.join('\n') !== 'id') refuse(table, 'its primary key is not the column id', advice);
}

/** Whether a column that is there takes every value that a record can have. */
function holds(table: UsageTable, column: TableColumn, found: ColumnInfo): boolean {
  const property = table.entity.properties[column.property];
  if (isNullable(table, column) && found.nullable === 0) return false;
  if (column.property === 'date') return found.type === 'datetime' && Number(found.fraction) >= 3;
  if (property.collation === undefined) return true;
  return found.charset === 'utf8mb4' && Number(found.length) >= Number(property.length);
}

function isNullable(table: UsageTable, { property }: TableColumn): boolean {
  return table.entity.properties[property].nullable === true;
}

function definition(table: UsageTable, column: TableColumn): string {
  const { columnTypes, collation } = table.entity.properties[column.property];
  const collate = collation === undefined ? '' : ` collate ${collation}`;
  return `${quote(column.name)} ${columnTypes[0]}${collate}${isNullable(table, column) ? ' null' : ' not null'}`;
}

function refuse(table: UsageTable, problem: string, advice: string): never {
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The table '${table.name}' is not one of usage records: ${problem}. ${advice}.`,
  );
}
