import {
  type AbstractSqlPlatform,
  BaseMySqlPlatform,
  BasePostgreSqlPlatform,
  type Column,
  type DatabaseTable,
  type IndexDef,
  type SchemaHelper,
  SqlitePlatform,
} from '@mikro-orm/sql';
import { TrackUsageError } from '../../errors.js';
import type { TableColumn, UsageTable } from './usage-table.js';

/** The table of usage records as MikroORM would make it. */
export interface WantedTable {
  readonly table: UsageTable;
  readonly platform: AbstractSqlPlatform;
  /** Reads tables, and writes statements, in the platform's SQL. */
  readonly helper: SchemaHelper;
  readonly wanted: DatabaseTable;
}

/** The table of usage records, and the table that MikroORM found in its place. */
interface TablePair extends WantedTable {
  readonly found: DatabaseTable;
}

/** A fault of a table, and the statements that mend it; null if none do. */
interface Problem {
  readonly text: string;
  readonly sql: readonly string[] | null;
}

/** Types by their names, and which types hold all of their values. */
type Holders = Readonly<Record<string, RegExp>>;

/**
 * MySQL's and PostgreSQL's, as MikroORM calls them. The length of a `varchar` is compared as well. MySQL keeps all of Unicode in
 * one character set alone.
 */
const SERVER_HOLDERS: Holders = {
  varchar: /^(?:varchar(?:\(\d+\))?|(?:medium|long)?text)(?: collate utf8mb4_\w+)?$/,
  int: /^(?:int4?|int8|bigint)$/,
  bigint: /^(?:int8|bigint)$/,
  tinyint: /^(?:tiny|small|medium|big)?int\b/,
  boolean: /^bool$/,
  double: /^double$/,
  'double precision': /^float8$/,
  datetime: /^datetime\([3-6]\)$/,
  timestamptz: /^timestamptz\([3-6]\)$/,
  json: /^(?:json|(?:medium|long)?text collate utf8mb4_\w+)$/,
  jsonb: /^jsonb?$/,
};

/** SQLite's. A column for numbers would make a number of the text '007', and one for text makes text of numbers. */
const SQLITE_HOLDERS: Holders = {
  text: /char|clob|text|blob|^$/i,
  json: /char|clob|text|blob|json|^$/i,
  '': /^(?!.*(?:char|clob|text))/i,
};

/**
 * Checks a table that is there. A missing column that may be null is an addition of a later version. Columns of somebody
 * else are left alone.
 *
 * @returns the statements that add missing columns and indexes
 * @throws {TrackUsageError} `STORAGE_SETUP` if anything else is wrong, with the SQL to run; then nothing should be added
 */
export function checkTable(target: WantedTable, found: DatabaseTable): string[] {
  const pair = { ...target, found };
  const missing = target.table.columns.filter(({ name }) => !found.hasColumn(name));
  const additions = missing.length === 0 ? [] : addColumns(pair, missing);
  const problems = [...findUnfit(pair), ...findKeyProblem(pair), ...findForeign(pair)];
  if (missing.some(({ isNullable }) => !isNullable))
    problems.unshift({ text: `it lacks the columns ${names(missing)}`, sql: additions });
  if (problems.length > 0) throw refusal(pair, problems, missing);
  return [...additions, ...addIndexes(pair)];
}

/** The statements that make the table and its indexes. */
export function createTable({ helper, wanted }: WantedTable): string[] {
  return withoutSemicolons(helper.createTable(wanted));
}

function addColumns({ helper, wanted }: TablePair, missing: readonly TableColumn[]): string[] {
  const columns = missing.map((column) => {
    const made = wanted.getColumn(column.name) as Column;
    return column.isNullable ? made : { ...made, default: neutralValue(column) };
  });
  // MikroORM's helper for SQLite has one more parameter than the others.
  const adding = helper as unknown as {
    getAddColumnsSQL(table: DatabaseTable, columns: Column[], difference: object): string[];
  };
  return withoutSemicolons(adding.getAddColumnsSQL(wanted, columns, { addedForeignKeys: {} }));
}

/** The value of a new column that takes no null, in rows that are already there. */
function neutralValue({ property, kind }: TableColumn): string {
  if (property === 'weight') return '1';
  if (kind === 'boolean') return 'false';
  return kind === 'string' ? "''" : '0';
}

/** Columns of ours that would not take every record. */
function findUnfit(pair: TablePair): Problem[] {
  const { table, helper, wanted, found } = pair;
  return table.columns.flatMap(({ property, name, type, isNullable }) => {
    const there = found.getColumn(name);
    if (there === undefined) return [];
    const takesNull = there.nullable === true || !isNullable;
    const shown = typeOf(pair, there);
    const isFit = holds(pair, type, shown) || (property === 'id' && isUuid(pair, shown));
    const flaws = new Map<string, string>();
    if (!takesNull) flaws.set('nullable', `its column ${name} does not take null`);
    if (!isFit) flaws.set('type', `its column ${name} is ${shown}, which does not hold ${type}`);
    if (flaws.size === 0) return [];
    const changed = isFit ? { ...there, nullable: true } : (wanted.getColumn(name) as Column);
    const sql = helper.alterTableColumn(changed, found, new Set(flaws.keys()));
    return [{ text: [...flaws.values()].join('; '), sql }];
  });
}

/** Whether a column that is there takes every value of a type, and gives it back. */
function holds({ platform }: TablePair, type: string, there: string): boolean {
  const [name = '', length] = type.split(/[()]/);
  if (platform instanceof SqlitePlatform)
    return (SQLITE_HOLDERS[name] ?? SQLITE_HOLDERS[''])?.test(there) === true;
  // The names of other engines' types are not known here.
  if (!(platform instanceof BaseMySqlPlatform || platform instanceof BasePostgreSqlPlatform)) return true;
  const [, bound = length] = /^varchar\((\d+)/.exec(there) ?? [];
  if (name === 'varchar' && Number(bound) < Number(length)) return false;
  return SERVER_HOLDERS[name]?.test(there) === true;
}

/** Whether a column is for UUIDs, as extensions such as TimescaleDB need ids to be. */
function isUuid({ platform }: TablePair, there: string): boolean {
  return platform instanceof BasePostgreSqlPlatform && there === 'uuid';
}

/** A column's type; for a text of MySQL with its collation, which names its character set. */
function typeOf({ platform, found }: TablePair, { type, collation }: Column): string {
  const isText = platform instanceof BaseMySqlPlatform && /^varchar|text$/.test(type);
  return isText ? `${type} collate ${collation ?? found.collation}` : type.toLowerCase();
}

/** Storing a record again leaves one only where its id is the key. */
function findKeyProblem({ helper, wanted, found }: TablePair): Problem[] {
  const key = found.getPrimaryKey()?.columnNames ?? [];
  if (!found.hasColumn('id') || key.join('\n') === 'id') return [];
  const sql = key.length > 0 ? null : [helper.createIndex(wanted.getPrimaryKey() as IndexDef, found, true)];
  return [{ text: 'its primary key is not the column id', sql }];
}

/** Columns of somebody else that a record has no value for, and the database neither. */
function findForeign({ helper, wanted, found }: TablePair): Problem[] {
  const demanding = found
    .getColumns()
    .filter(({ name, nullable, default: value, autoincrement, generated }) => {
      const fillsItself = (value ?? null) !== null || Boolean(autoincrement) || Boolean(generated);
      return !wanted.hasColumn(name) && nullable !== true && !fillsItself;
    });
  if (demanding.length === 0) return [];
  const text = `it demands values for ${names(demanding)}, which records do not have`;
  const sql = demanding.flatMap((column) =>
    helper.alterTableColumn({ ...column, nullable: true }, found, new Set(['nullable'])),
  );
  return [{ text, sql }];
}

/**
 * Without the index by date, every page of `getUsage` sorts the whole table. These are the statements that make the indexes that are
 * missing.
 */
function addIndexes({ helper, wanted, found }: TablePair): string[] {
  const usable = found.getIndexes().filter(({ where, expression }) => (where ?? expression) === undefined);
  const missing = indexesOf(wanted).filter(
    ({ columnNames: wants }) =>
      !usable.some(({ columnNames }) => wants.every((name, place) => columnNames[place] === name)),
  );
  return missing.map((index) => helper.createIndex(index, wanted));
}

function refusal(
  pair: TablePair,
  problems: readonly Problem[],
  missing: readonly TableColumn[],
): TrackUsageError {
  const { table, platform } = pair;
  // A table that has so little of ours must be another one.
  const isAnother = missing.some(({ property }) => property === 'id' || property === 'date');
  const changes = platform instanceof SqlitePlatform ? [remake(pair)] : problems.map(({ sql }) => sql);
  const isBeyondRepair = isAnother || changes.includes(null);
  const sql = changes.flat().join('; ');
  const repair = isBeyondRepair ? '' : ` To keep usage records in it nevertheless, run: ${sql};`;
  return new TrackUsageError(
    'STORAGE_SETUP',
    `The table '${table.name}' is not one of usage records: ${problems.map(({ text }) => text).join('; ')}. ` +
      `Rename that table, or give SqlStorage.connect another tableName.${repair}`,
  );
}

/** SQLite changes no column: its rows go into a table that is made anew, and the old one stays beside it. */
function remake(pair: TablePair): string[] {
  const { table, platform, wanted, found } = pair;
  const quote = (name: string): string => platform.quoteIdentifier(name);
  const [name, old] = [quote(table.name), quote(`${table.name}_before`)];
  const columns = table.columns.map((column) => quote(column.name));
  const values = table.columns.map((column) => {
    if (found.hasColumn(column.name)) return quote(column.name);
    return column.isNullable ? 'null' : neutralValue(column);
  });
  return [
    `alter table ${name} rename to ${old}`,
    ...indexesOf(wanted).map(({ keyName }) => `drop index if exists ${quote(keyName)}`),
    ...createTable(pair),
    `insert into ${name} (${columns.join(', ')}) select ${values.join(', ')} from ${old}`,
  ];
}

/** The indexes beside the primary key. */
function indexesOf(table: DatabaseTable): IndexDef[] {
  return table.getIndexes().filter(({ primary }) => !primary);
}

function withoutSemicolons(statements: readonly string[]): string[] {
  return statements.map((statement) => statement.replace(/;$/, ''));
}

function names(columns: readonly { readonly name: string }[]): string {
  return columns.map(({ name }) => name).join(', ');
}
