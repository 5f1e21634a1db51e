import { TrackUsageError } from '../../errors.js';
import type { TableColumn, UsageTable } from './usage-table.js';

/** A column as it was found in the database. */
export interface FoundColumn {
  readonly name: string;
  /** As the database calls it, such as `varchar(255)`. */
  readonly type: string;
  readonly isNullable: boolean;
  /** Whether the database gives it a value where a row has none: a default, an identity, an expression. */
  readonly hasDefault: boolean;
}

/** A table as it was found in the database. */
export interface FoundTable {
  readonly columns: readonly FoundColumn[];
  readonly primaryKey: readonly string[];
}

/** What a dialect says in its own way about a table. */
export interface TableSyntax {
  readonly quote: (identifier: string) => string;
  /** The table with its schema, quoted. */
  readonly tableName: string;
  /** Whether a column that was found takes every value that a record can have there. */
  holds(column: TableColumn, found: FoundColumn): boolean;
  /** The statements that give a column its type; null if none does. */
  retype(column: TableColumn): string | null;
  /** The statements that have a column take null; null if none is known. */
  dropNotNull(found: FoundColumn): string | null;
  /** The statement that makes id the primary key of a table that has none. */
  readonly addPrimaryKey: string | null;
  /** The statements that add the columns that are missing. @default those of standard SQL */
  readonly additions?: readonly string[];
  /** The statement that makes id the primary key in the place of other columns; left out where none does that. */
  replacePrimaryKey?(columns: readonly string[]): string;
}

/** What is wrong with a table, and the statements that would put it right. */
interface Problem {
  readonly text: string;
  /** Null stands for what no statement puts right. */
  readonly sql: readonly (string | null)[];
}

/**
 * Checks a table that is there. Columns that may be null are additions of a later version.
 *
 * @returns the statements that add them
 * @throws {TrackUsageError} `STORAGE_SETUP` if anything else is wrong, with the SQL to run; then nothing should be added
 */
export function checkTable(table: UsageTable, found: FoundTable, syntax: TableSyntax): string[] {
  const there = new Map(found.columns.map((column) => [column.name, column]));
  const missing = table.columns.filter(({ name }) => !there.has(name));
  const additions =
    missing.length === 0 ? [] : [...(syntax.additions ?? missing.map((column) => addColumn(column, syntax)))];
  const problems = [
    ...(missing.some(({ isNullable }) => !isNullable)
      ? [{ text: `it lacks the columns ${names(missing)}`, sql: additions }]
      : []),
    // In this order, each statement can be run after those before it: a column of the key cannot take null.
    ...findUnfit(table, there, syntax),
    ...findKeyProblem(there, found, syntax),
    ...findForeign(table, found, syntax),
  ];
  if (problems.length > 0) throw refusal(table, problems, isAnotherTable(missing));
  return additions;
}

/** Columns of somebody else that a record has no value for. */
function findForeign(table: UsageTable, found: FoundTable, syntax: TableSyntax): Problem[] {
  const ours = new Set(table.columns.map(({ name }) => name));
  const demanding = found.columns.filter(
    (column) => !ours.has(column.name) && !column.isNullable && !column.hasDefault,
  );
  return demanding.length === 0
    ? []
    : [
        {
          text: `it demands values for ${names(demanding)}, which records do not have`,
          sql: demanding.map((column) => syntax.dropNotNull(column)),
        },
      ];
}

/** Columns of ours that would not take every record. */
function findUnfit(
  table: UsageTable,
  there: ReadonlyMap<string, FoundColumn>,
  syntax: TableSyntax,
): Problem[] {
  const problems: Problem[] = [];
  for (const column of table.columns) {
    const found = there.get(column.name);
    if (found === undefined) continue;
    if (column.isNullable && !found.isNullable) {
      problems.push({
        text: `its column ${column.name} does not take null`,
        sql: [syntax.dropNotNull(found)],
      });
    }
    if (!syntax.holds(column, found)) {
      problems.push({
        text: `its column ${column.name} is ${found.type}, which does not hold ${column.type}`,
        sql: [syntax.retype(column)],
      });
    }
  }
  return problems;
}

/** Storing a record again leaves one only where its id is the key. */
function findKeyProblem(
  there: ReadonlyMap<string, FoundColumn>,
  { primaryKey }: FoundTable,
  syntax: TableSyntax,
): Problem[] {
  if (!there.has('id') || primaryKey.join('\n') === 'id') return [];
  const sql = primaryKey.length === 0 ? syntax.addPrimaryKey : syntax.replacePrimaryKey?.(primaryKey);
  return [{ text: 'its primary key is not the column id', sql: [sql ?? null] }];
}

/** Whether a table has so little of ours that it must be another one. */
function isAnotherTable(missing: readonly TableColumn[]): boolean {
  return missing.some(({ property }) => property === 'id' || property === 'date');
}

function refusal(table: UsageTable, problems: readonly Problem[], isAnother: boolean): TrackUsageError {
  const sql = new Set(problems.flatMap((problem) => problem.sql));
  const isBeyondRepair = isAnother || sql.has(null);
  const repair = isBeyondRepair
    ? ''
    : ` To keep usage records in it nevertheless, run: ${[...sql].join('; ')};`;
  return new TrackUsageError(
    'STORAGE_SETUP',
    `The table '${table.name}' is not one of usage records: ${problems.map(({ text }) => text).join('; ')}. ` +
      `Rename that table, or give SqlStorage.connect another tableName.${repair}`,
  );
}

function addColumn(column: TableColumn, { tableName, quote }: TableSyntax): string {
  return `alter table ${tableName} add column ${quote(column.name)} ${definitionOf(column)}`;
}

/** A column's type, and what it takes, as a table that has rows can be told. */
export function definitionOf(column: TableColumn): string {
  return `${column.type} ${column.isNullable ? 'null' : `not null default ${neutralValue(column)}`}`;
}

/** What rows that are already there get in a column that takes no null. */
function neutralValue({ property, kind }: TableColumn): string {
  if (property === 'weight') return '1';
  if (kind === 'boolean') return 'false';
  return kind === 'string' ? "''" : '0';
}

function names(columns: readonly { readonly name: string }[]): string {
  return columns.map(({ name }) => name).join(', ');
}
