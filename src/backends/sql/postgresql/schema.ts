import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../errors.js';
import { type FoundColumn, type FoundTable, type TableSyntax, checkTable } from '../table-check.js';
import type { TableColumn, UsageTable } from '../usage-table.js';
import { isSetup, stateOf, whatToRun } from './errors.js';
import { quote, quoteTable } from './identifiers.js';
import { type NativeClient, postgresConnection } from './native-client.js';
import { messageOf } from '../../mikro-orm/message-of.js';

/** SQLSTATE insufficient_privilege. */
const NO_RIGHT = '42501';

/** What the columns' types are called by the server, and what else holds their values. */
const HOLDERS: Readonly<Record<string, RegExp>> = {
  timestamptz: /^timestamp(\([3-6]\))? with time zone$/,
  double: /^double precision$/,
  int: /^(integer|bigint)$/,
  bigint: /^bigint$/,
  boolean: /^boolean$/,
  jsonb: /^jsonb?$/,
};

/**
 * Makes the schema, the table and its index if they are missing, and checks the table if it is there; columns that a
 * later version brought are added. A lock that only this takes lets several processes do so one after the other.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there with other columns, if a right is missing, or if the
 *   database does not keep Unicode
 */
export async function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  const sql = await orm.schema.getCreateSchemaSQL({ wrap: false });
  const pool = await postgresConnection(orm).getNativeClient();
  const client = await pool.connect();
  let isClean = false;
  try {
    await client.query('begin');
    await client.query({
      text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
      values: [`koa-track-usage ${quoteTable(table)}`],
    });
    await createOrCheck(client, table, sql);
    await client.query('commit');
    isClean = true;
  } catch (error) {
    throw setupError(error, orm, table);
  } finally {
    // What a transaction that failed held is given back with its connection.
    client.release(!isClean);
  }
}

async function createOrCheck(client: NativeClient, table: UsageTable, sql: string): Promise<void> {
  const session = await readSession(client);
  const found = await findTable(client, table);
  if (found === null) {
    await create(client, table, await withoutSchema(client, table, sql), session);
    return;
  }
  const syntax = syntaxOf(table, found.isPlain);
  const statements = [...checkTable(table, found, syntax), ...(await findIndex(client, table))];
  for (const statement of statements) await change(client, table, statement);
  await checkRights(client, table);
}

async function create(client: NativeClient, table: UsageTable, sql: string, session: Session): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (stateOf(error) !== NO_RIGHT) throw error;
    const schema = quote(table.schema ?? session.schema ?? 'public');
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The table '${table.name}' cannot be made: ${messageOf(error)}. Have somebody who may run: ` +
        `create schema if not exists ${schema}; grant usage, create on schema ${schema} to ${quote(session.role)};`,
      error,
    );
  }
}

/** Makes a change that only the table's owner may make. */
async function change(client: NativeClient, table: UsageTable, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if (stateOf(error) !== NO_RIGHT) throw error;
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The table '${table.name}' has to be changed: ${messageOf(error)}. Have its owner run: ${statement};`,
      error,
    );
  }
}

/** @throws what the server would say to the first batch */
async function checkRights(client: NativeClient, table: UsageTable): Promise<void> {
  const { rows } = await client.query({
    text: `select has_any_column_privilege(t, 'insert') and has_any_column_privilege(t, 'select') as "isAllowed"
      from to_regclass($1) as t`,
    values: [quoteTable(table)],
  });
  const [{ isAllowed }] = rows as [{ isAllowed: boolean }];
  if (!isAllowed) throw Object.assign(new Error('permission denied'), { code: NO_RIGHT });
}

/** `create schema if not exists` wants the right to create even where the schema exists. */
async function withoutSchema(client: NativeClient, { schema }: UsageTable, sql: string): Promise<string> {
  if (schema === null) return sql;
  const { rows } = await client.query({
    text: 'select 1 from pg_namespace where nspname = $1',
    values: [schema],
  });
  return rows.length === 0 ? sql : sql.replace(/^create schema if not exists [^;]*;/, '');
}

interface Session {
  readonly encoding: string;
  readonly role: string;
  readonly schema: string | null;
}

/** @throws {TrackUsageError} `STORAGE_SETUP` if the database does not keep Unicode */
async function readSession(client: NativeClient): Promise<Session> {
  const { rows } = await client.query(
    "select current_setting('server_encoding') as encoding, current_user as role, current_schema() as schema",
  );
  const [session] = rows as [Session];
  if (session.encoding === 'UTF8') return session;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The database keeps text as ${session.encoding}, and what strangers send does not fit into that. Run: create ` +
      "database … with encoding 'UTF8' template template0;",
  );
}

interface FoundRelation extends FoundTable {
  /** Whether it is a table that can be given a key, and no view. */
  readonly isPlain: boolean;
}

async function findTable(client: NativeClient, table: UsageTable): Promise<FoundRelation | null> {
  const { rows } = await client.query({
    text: `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as "isNullable",
        a.atthasdef or a.attidentity <> '' as "hasDefault", coalesce(a.attnum = any(i.indkey), false) as "isKey", c.relkind = 'r' as "isPlain"
      from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
      where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    values: [quoteTable(table)],
  });
  if (rows.length === 0) return null;
  const columns = rows as (FoundColumn & { readonly isKey: boolean; readonly isPlain: boolean })[];
  return {
    columns,
    primaryKey: columns.filter(({ isKey }) => isKey).map(({ name }) => name),
    isPlain: columns.every(({ isPlain }) => isPlain),
  };
}

/** Without an index, every page of `getUsage` sorts the whole table. This is the statement that makes it, if it is missing. */
async function findIndex(client: NativeClient, table: UsageTable): Promise<string[]> {
  const { rows } = await client.query({
    text: `select 1 from pg_index i
      where i.indrelid = to_regclass($1) and i.indisvalid and i.indpred is null
        and pg_get_indexdef(i.indexrelid, 1, true) = 'date' and pg_get_indexdef(i.indexrelid, 2, true) = 'id'`,
    values: [quoteTable(table)],
  });
  if (rows.length > 0) return [];
  const name = quote(`${table.name}_date_id_index`);
  return [`create index ${name} on ${quoteTable(table)} ("date", "id")`];
}

function syntaxOf(table: UsageTable, isPlain: boolean): TableSyntax {
  const tableName = quoteTable(table);
  const alter = ({ name }: { readonly name: string }): string =>
    `alter table ${tableName} alter column ${quote(name)}`;
  return {
    tableName,
    quote,
    holds,
    retype: (column) => `${alter(column)} type ${column.type} using ${quote(column.name)}::${column.type}`,
    dropNotNull: (column) => `${alter(column)} drop not null`,
    addPrimaryKey: isPlain ? `alter table ${tableName} add primary key ("id")` : null,
  };
}

function holds({ type, length }: TableColumn, found: FoundColumn): boolean {
  if (length !== null) {
    const [, bound] = /^character varying(?:\((\d+)\))?$/.exec(found.type) ?? [null, '0'];
    return found.type === 'text' || bound === undefined || Number(bound) >= length;
  }
  const [name = ''] = /^\w+/.exec(type) ?? [];
  return HOLDERS[name]?.test(found.type) ?? true;
}

function setupError(error: unknown, orm: MikroORM, table: UsageTable): unknown {
  if (!isSetup(error)) return error;
  return new TrackUsageError(
    'STORAGE_SETUP',
    `The table '${table.name}' cannot be checked: ${messageOf(error)}. ${whatToRun(stateOf(error), orm, table)}`,
    error,
  );
}
