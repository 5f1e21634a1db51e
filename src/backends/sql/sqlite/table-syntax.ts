import { type FoundColumn, type TableSyntax, definitionOf } from '../table-check.js';
import type { TableColumn, UsageTable } from '../usage-table.js';
import { quote } from './identifiers.js';
import type { NativeDatabase } from './native-client.js';

/** What SQLite makes of a value that a column is given, by the type that the column was declared with. */
type Affinity = 'blob' | 'integer' | 'numeric' | 'real' | 'text';

/** Since this version, as a thousand times the first number and the second, SQLite has `drop not null`. */
const DROPS_NOT_NULL = 3053;

interface Index {
  readonly name: string;
  readonly sql: string;
}

/** What SQLite says in its own way about a table. It changes no column's type, and no primary key. */
export function syntaxOf(database: NativeDatabase, table: UsageTable): TableSyntax {
  const tableName = quote(table.name);
  const isStrict = findStrict(database, table);
  return {
    tableName,
    quote,
    holds: (column, found) => (isStrict && found.type === 'any') || holds(column, found),
    // A column of the primary key cannot be dropped.
    retype: (column) =>
      column.property === 'id' ? null : replaceColumn(database, table, column.name, definitionOf(column)),
    dropNotNull: ({ name, type }) =>
      versionOf(database) >= DROPS_NOT_NULL
        ? `alter table ${tableName} alter column ${quote(name)} drop not null`
        : replaceColumn(database, table, name, `${type} null`),
    addPrimaryKey: null,
  };
}

/**
 * Whether a column gives back what it was given. One for numbers makes a number of the text '007', and one for text makes
 * text of numbers. JSON and ids are texts that are no numbers; but `integer primary key` is SQLite's own number of the row.
 */
function holds({ kind, property }: TableColumn, { type }: FoundColumn): boolean {
  if (kind === 'any') return true;
  if (property === 'id') return type !== 'integer';
  const affinity = affinityOf(type);
  return affinity === 'blob' || (affinity === 'text') === (kind === 'string');
}

/** SQLite's own rule: sqlite.org/datatype3.html, «Determination Of Column Affinity». */
function affinityOf(type: string): Affinity {
  if (/int/i.test(type)) return 'integer';
  if (/char|clob|text/i.test(type)) return 'text';
  if (type === '' || /blob/i.test(type)) return 'blob';
  return /real|floa|doub/i.test(type) ? 'real' : 'numeric';
}

/** Whether it is a table whose columns hold their types only, where the type `any` stands for all of them. */
function findStrict(database: NativeDatabase, { name }: UsageTable): boolean {
  const [row] = database.prepare('select strict from pragma_table_list(?)').all([name]);
  return (row as { strict?: unknown } | undefined)?.strict === 1;
}

function versionOf(database: NativeDatabase): number {
  const [row] = database.prepare('select sqlite_version() as version').all();
  const [major = 0, minor = 0] = (row as { version: string }).version.split('.').map(Number);
  return major * 1000 + minor;
}

/** The statements that put a column of another definition in a column's place, with its values and indexes. */
function replaceColumn(
  database: NativeDatabase,
  { name: tableName }: UsageTable,
  name: string,
  definition: string,
): string {
  const indexes = database
    .prepare(
      `select m.name, m.sql from sqlite_master m where m.type = 'index' and m.tbl_name = ? collate nocase
        and m.sql is not null and exists (select 1 from pragma_index_info(m.name) i where i.name = ?)`,
    )
    .all([tableName, name]) as Index[];
  const [table, old, made] = [quote(tableName), quote(name), quote(`${name}_new`)];
  return [
    'begin',
    ...indexes.map((index) => `drop index ${quote(index.name)}`),
    `alter table ${table} add column ${made} ${definition}`,
    `update ${table} set ${made} = ${old}`,
    `alter table ${table} drop column ${old}`,
    `alter table ${table} rename column ${made} to ${old}`,
    ...indexes.map((index) => index.sql),
    'commit',
  ].join('; ');
}
