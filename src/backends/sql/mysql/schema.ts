import type { MikroORM } from '@mikro-orm/core';
import type { SqlSchemaGenerator } from '@mikro-orm/sql';
import { TrackUsageError } from '../../../errors.js';
import { type FoundColumn, type FoundTable, type TableSyntax, checkTable } from '../table-check.js';
import type { TableColumn, UsageTable } from '../usage-table.js';
import { messageOf } from '../../mikro-orm/message-of.js';
import { isForbidden } from './errors.js';
import { quote, quoteTable, schemaOf } from './identifiers.js';
import {
  type NativeConnection,
  commitByThemselves,
  execute,
  nativePool,
  takeConnection,
} from './native-client.js';

/** How long other processes are waited for while they make the table, in seconds. */
const PATIENCE_S = 10;

/** The one character set in which all of Unicode is kept, as the types below have it. */
const UNICODE = ' character set utf8mb4 ';

/** Columns of text that hold the longest text of a record. */
const LONG_TEXT = /^(text|mediumtext|longtext)\b/;

/** What the columns' types are called by MikroORM, and what holds their values: MariaDB's JSON is text. */
const HOLDERS: Readonly<Record<string, RegExp>> = {
  datetime: /^datetime\([3-6]\)$/,
  double: /^double$/,
  int: /^(int|bigint)\b/,
  bigint: /^bigint\b/,
  tinyint: /^(tiny|small|medium|big)?int\b/,
  json: /^(json$|(text|mediumtext|longtext) character set utf8mb4 )/,
};

interface ColumnInfo {
  readonly name: string;
  /** Whole, such as `varchar(255) character set utf8mb4 collate utf8mb4_bin`. */
  readonly type: string;
  readonly nullable: number;
  /** Whether a row has to have a value for it. */
  readonly demanding: number;
  readonly isPrimary: number;
}

const COLUMNS = `select column_name as name, is_nullable = 'YES' as nullable, column_key = 'PRI' as isPrimary,
  concat(column_type, ifnull(concat(' character set ', character_set_name, ' collate ', collation_name), '')) as type,
  column_default is null and extra not like '%auto_increment%' and extra not like '%GENERATED%' as demanding
  from information_schema.columns where table_schema = ifnull(?, database()) and table_name = ?
  order by ordinal_position`;

/** A table that can be given a key, and no view. */
const PLAIN = `select 1 from information_schema.tables
  where table_schema = ifnull(?, database()) and table_name = ? and table_type = 'BASE TABLE'`;

const INDEXED = `select index_name as name from information_schema.statistics
  where table_schema = ifnull(?, database()) and table_name = ? group by index_name
  having group_concat(column_name order by seq_in_index) like 'date,id%'`;

/** Which database is connected to, and as whom. */
const SESSION = 'select database() as dbName, current_user() as account';

interface Session {
  readonly dbName: string;
  /** The name and the host of the account, with an @ between them. */
  readonly account: string;
}

const LOCK = `concat('koa-track-usage ', left(sha2(concat(ifnull(?, database()), '.', ?), 256), 32))`;

/**
 * Makes the table and its index if they are missing; if the table is there, adds what later versions of it have,
 * and checks the rest. Several processes may do so at once.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there and cannot hold records, with what to run
 */
export async function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  const pool = await nativePool(orm);
  const connection = await takeConnection(pool);
  const names = [schemaOf(orm, table), table.name];
  try {
    await commitByThemselves(pool, connection);
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
    await create(orm, table, connection);
    return;
  }
  const isPlain = (await execute<unknown[]>(connection, PLAIN, names)).length > 0;
  const statements = checkTable(collated(table), tableOf(found), syntaxOf(orm, table, isPlain));
  for (const statement of statements) await change(connection, table, statement);
  const indexed = await execute<unknown[]>(connection, INDEXED, names);
  if (indexed.length > 0) return;
  const indexName = orm.em.getPlatform().getIndexName(table.name, ['date', 'id'], 'index');
  await change(
    connection,
    table,
    `create index ${quote(indexName)} on ${quoteTable(orm, table)} (\`date\`, \`id\`)`,
  );
}

async function create(orm: MikroORM, table: UsageTable, connection: NativeConnection): Promise<void> {
  const generator = orm.schema as SqlSchemaGenerator;
  try {
    await generator.execute(await generator.getCreateSchemaSQL({ wrap: false }));
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const [who] = await execute<Session[]>(connection, SESSION);
    const database = schemaOf(orm, table) ?? who?.dbName ?? '';
    const [, user = '', host = '%'] = /^(.*)@(.*)$/s.exec(who?.account ?? '') ?? [];
    throw forbidden(
      `The table '${table.name}' cannot be made`,
      error,
      `grant select, insert, update, create, alter, index on ${quote(database)}.* to ${quote(user)}@${quote(host)}`,
    );
  }
}

/** Makes a change that the user may have no right to. */
async function change(connection: NativeConnection, table: UsageTable, statement: string): Promise<void> {
  try {
    await execute(connection, statement);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw forbidden(`The table '${table.name}' has to be changed`, error, statement);
  }
}

function forbidden(what: string, error: unknown, statement: string): TrackUsageError {
  return new TrackUsageError(
    'STORAGE_SETUP',
    `${what}: ${messageOf(error)}. Have somebody who may run: ${statement};`,
    error,
  );
}

/** The table with its types as they have to be written: MySQL's own collations hold different texts equal. */
function collated(table: UsageTable): UsageTable {
  const columns = table.columns.map((column) => {
    const { collation } = table.entity.properties[column.property];
    return collation === undefined ? column : { ...column, type: `${column.type} collate ${collation}` };
  });
  return { ...table, columns };
}

function tableOf(found: readonly ColumnInfo[]): FoundTable {
  return {
    columns: found.map(({ name, type, nullable, demanding }) => ({
      name,
      type,
      isNullable: nullable === 1,
      hasDefault: demanding === 0,
    })),
    primaryKey: found.filter(({ isPrimary }) => isPrimary === 1).map(({ name }) => name),
  };
}

/** A column that is changed has to be described as a whole. */
function syntaxOf(orm: MikroORM, table: UsageTable, isPlain: boolean): TableSyntax {
  const tableName = quoteTable(orm, table);
  const columns = new Map(collated(table).columns.map((column) => [column.name, column]));
  const modify = (name: string, type: string, isNullable: boolean): string =>
    `alter table ${tableName} modify column ${quote(name)} ${type} ${isNullable ? 'null' : 'not null'}`;
  const retype = ({ name, type, isNullable }: TableColumn): string => modify(name, type, isNullable);
  return {
    tableName,
    quote,
    holds,
    retype,
    dropNotNull: (found) => {
      const column = columns.get(found.name);
      return column === undefined || holds(column, found)
        ? modify(found.name, found.type, true)
        : retype(column);
    },
    addPrimaryKey: isPlain ? `alter table ${tableName} add primary key (${quote('id')})` : null,
    // A column that counts by itself has to stay in a key.
    replacePrimaryKey: (key) =>
      `alter table ${tableName} drop primary key, add index (${key.map(quote).join(', ')}), ` +
      `add primary key (${quote('id')})`,
  };
}

/** Whether a column that is there takes every value that a record can have, and gives it back. */
function holds({ property, type, length }: TableColumn, found: FoundColumn): boolean {
  const [name = ''] = /^\w+/.exec(type) ?? [];
  if (name !== 'varchar') return HOLDERS[name]?.test(found.type) ?? true;
  const [, bound] = /^(?:var)?char\((\d+)\)/.exec(found.type) ?? [];
  const isLong = Number(bound) >= Number(length);
  // Ids are ASCII, and end in no space, which `char` would take away.
  if (property === 'id') return isLong;
  const isVariable = isLong ? found.type.startsWith('varchar') : LONG_TEXT.test(found.type);
  return isVariable && found.type.includes(UNICODE);
}
