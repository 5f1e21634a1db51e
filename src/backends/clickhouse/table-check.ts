import { TrackUsageError } from '../../errors.js';
import type { ClickHouseConnection } from './connection.js';
import { isForbidden } from './errors.js';
import { quoted } from './literals.js';
import { COLUMN_NAMES, type ClickHouseTables, type WantedTable, wantedRecords } from './tables.js';

/** A table as the server tells of it. */
interface FoundTable {
  readonly engine: string;
  /** What the engine is given. */
  readonly args: string;
  readonly sortingKey: string;
  readonly sql: string;
  readonly columns: readonly (readonly [name: string, type: string])[];
}

/** Types that hold all values of another one, and give them back. */
const HOLDERS: Readonly<Record<string, RegExp>> = {
  "DateTime64(3, 'UTC')": /^DateTime64\([3-9]\b/,
  Int32: /^Int(?:32|64)$/,
  UInt64: /^U?Int64$/,
};

/** The table of the records, which is looked at before it is used. */
export class RecordTable {
  readonly #tables: ClickHouseTables;
  #isFit = false;

  constructor(tables: ClickHouseTables) {
    this.#tables = tables;
  }

  /**
   * Looks at it through a connection, unless it was found to be as it has to be.
   *
   * @throws {TrackUsageError} `STORAGE_SETUP` if it is missing, lacks a column, or is not made as it has to be; any error of the server
   */
  async assertFit(connection: ClickHouseConnection, signal?: AbortSignal): Promise<void> {
    if (this.#isFit) return;
    const { records, name } = this.#tables;
    await checkTable(connection, wantedRecords(this.#tables), signal);
    const sql = `select ${COLUMN_NAMES}, version from ${records} final limit 0`;
    await connection.readOne(sql, `table '${name}'`, signal);
    this.#isFit = true;
  }
}

/**
 * Checks that a table keeps all of each row, once, in the order in which rows are read; warns of a TTL. A table that cannot be seen, or
 * that distributes its rows to others, is left alone: statements show whether it can be used.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP`, with what to do
 */
export async function checkTable(
  connection: ClickHouseConnection,
  wanted: WantedTable,
  signal?: AbortSignal,
): Promise<void> {
  const found = await findTable(connection, wanted.name, signal);
  if (found === null || found.engine === 'Distributed') return;
  const problems = problemsOf(found, wanted);
  const made = wanted.sql.slice(wanted.sql.indexOf('engine = ')).replaceAll('\n', ' ');
  if (problems.length > 0)
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The table '${wanted.name}' is not made as it has to be: ${problems.join('; ')}. Rename it, and have it made anew by a statement of ` +
        `clickHouseTables(), with ${made}; or choose another tableName.`,
    );
  if (!deletesByItself(found.sql)) return;
  process.emitWarning(
    `koa-track-usage: the table '${wanted.name}' of ClickHouse has a TTL: nobody counts what the server deletes by it, and summaries go on ` +
      'telling of that. Remove the TTL, and let the option retention delete.',
    { code: 'KOA_TRACK_USAGE_TTL' },
  );
}

async function findTable(
  connection: ClickHouseConnection,
  name: string,
  signal: AbortSignal | undefined,
): Promise<FoundTable | null> {
  const columns =
    'select groupArray([name, type]) from system.columns ' +
    `where database = currentDatabase() and table = ${quoted(name)}`;
  const sql =
    `select engine, engine_full, sorting_key, create_table_query, (${columns}) from system.tables ` +
    `where database = currentDatabase() and name = ${quoted(name)}`;
  try {
    const row = await connection.readOne(sql, `table '${name}'`, signal);
    if (row.length === 0) return null;
    const [engine, full, sortingKey, made] = row.map((value) => String(value).replaceAll('`', '')) as [
      string,
      string,
      string,
      string,
    ];
    const [, args = ''] = /^\w+\((.*?)\)(?: |$)/.exec(full) ?? [];
    return { engine, args, sortingKey, sql: made, columns: row[4] as FoundTable['columns'] };
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

function problemsOf(found: FoundTable, { version, sortingKey, types }: WantedTable): string[] {
  const { engine, args } = found;
  const isReplacing = engine.endsWith('ReplacingMergeTree') && `, ${args}`.endsWith(`, ${version}`);
  const isSorted = found.sortingKey === sortingKey;
  return [
    ...(isReplacing ? [] : [`its engine is ${engine}${args && `(${args})`}`]),
    ...(isSorted || !isReplacing ? [] : [`it is ordered by (${found.sortingKey})`]),
    ...found.columns
      .filter(([name, type]) => !holds(types.get(name) ?? type, type))
      .map(([name, type]) => `its column ${name} is ${type}, which does not hold ${types.get(name)}`),
  ];
}

/** Whether a column that is there takes every value of a type, and gives it back. */
function holds(type: string, there: string): boolean {
  const [wanted, found] = [bare(type), bare(there)];
  const takesNull = there.includes('Nullable(') || !type.includes('Nullable(');
  return takesNull && (HOLDERS[wanted]?.test(found) ?? found === wanted);
}

/** A type without what says that its values are few, or may be null. */
function bare(type: string): string {
  return type.replace(/^LowCardinality\((.*)\)$/, '$1').replace(/^Nullable\((.*)\)$/, '$1');
}

/** Whether a table's statement has the server delete rows, or clear columns: rows that are moved or packed are all there. */
function deletesByItself(sql: string): boolean {
  const [columns = '', table = ''] = sql.replaceAll(/'(?:[^'\\]|\\.)*'/g, '').split(/\)\s+ENGINE = /);
  let rest = table;
  for (let before = ''; rest !== before;) [before, rest] = [rest, rest.replaceAll(/\([^()]*\)/g, '')];
  const [, rules = ''] = /\sTTL\s(.*?)(?=\sSETTINGS\s|$)/s.exec(rest) ?? [];
  const isDeleting = rules
    .split(',')
    .some((rule) => rule !== '' && !/\s(?:TO (?:DISK|VOLUME)|RECOMPRESS)\b/.test(rule));
  return isDeleting || /\sTTL\s/.test(columns);
}
