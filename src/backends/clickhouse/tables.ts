import {
  type ColumnProperty,
  DEFAULT_TABLE_NAME,
  USAGE_COLUMNS,
  type UsageColumn,
} from '../../record/columns.js';
import { named, quoted } from './literals.js';

/** The tables of a storage. */
export interface ClickHouseTables {
  /** The table of the records, as the storage is told it. */
  readonly name: string;
  /** Where records are written and read. */
  readonly records: string;
  /** The name of the table that they are deleted from: on a cluster, the tables that the other one distributes them to. */
  readonly stored: string;
  /** The rows of summaries and of the register. */
  readonly rows: string;
  readonly cluster: string | null;
}

/** A table as it has to be: all that answers rest on. */
export interface WantedTable {
  /** Its name; on a cluster, of the one that another one distributes rows to. */
  readonly name: string;
  /** The statement that makes it. */
  readonly sql: string;
  /** The columns that `ReplacingMergeTree` is given, behind what a replicated one has before them. */
  readonly version: string;
  readonly sortingKey: string;
  /** The types of columns that come from records, by their names. */
  readonly types: ReadonlyMap<string, string>;
}

/** Columns with few values, which are kept as numbers of these. */
const OF_FEW_VALUES: ReadonlySet<string> = new Set([
  'serverName',
  'method',
  'route',
  'controller',
  'action',
  'errorType',
  'uaBrowser',
  'uaVersion',
  'uaPlatform',
  'uaLanguage',
]);

const TYPES: Readonly<Record<UsageColumn['kind'], string>> = {
  id: 'String',
  date: "DateTime64(3, 'UTC')",
  text: 'String',
  json: 'String',
  number: 'Float64',
  integer: 'Int32',
  count: 'UInt64',
  boolean: 'Bool',
};

/** The columns of a record's values, in their order. */
export const COLUMN_NAMES: string = USAGE_COLUMNS.map(({ name }) => named(name)).join(', ');

const NAMES: ReadonlyMap<string, string> = new Map(
  USAGE_COLUMNS.map(({ property, name }) => [property, named(name)]),
);

/** The column of a property, as statements name it. */
export function columnNamed(property: ColumnProperty): string {
  return NAMES.get(property) as string;
}

/** The function that makes a number of a date: milliseconds since 1970. */
export const MILLISECONDS = 'toUnixTimestamp64Milli';

/** The columns of a row, in their order; `version` and `is_deleted` stand behind them. */
export const ROW_COLUMNS = 'id, kind, dimension, start_ms, end_ms, edition, data';

/** The version of a row that is the first of its key: of several, the one with the highest version stays. */
const FIRST = '18446744073709551614 - toUInt64(toUnixTimestamp64Nano(now64(9)))';

/** The version of a row that says that the row of its key is deleted. */
export const DELETED = '18446744073709551615';

/** The tables of a name. */
export function tablesOf(name: string, cluster: string | null = null): ClickHouseTables {
  const stored = cluster === null ? name : `${name}_local`;
  return { name, records: named(name), stored, rows: named(`${name}_summary`), cluster };
}

/** What stands behind the name of a table in a statement that is for all servers. */
export function onCluster({ cluster }: ClickHouseTables): string {
  return cluster === null ? '' : ` on cluster ${named(cluster)}`;
}

/** What rows of records lie in order of, and those of summaries: rows with an equal one are one. */
const RECORD_KEY = 'date, id';
const ROW_KEY = 'kind, dimension, start_ms, id';

/** The columns of the engine of summaries: of rows with an equal key, the one with the highest version counts, or hides them all. */
const ROW_VERSION = 'version, is_deleted';

/** The statements that make the table of the records. */
export function recordTable(tables: ClickHouseTables): string[] {
  const { records, stored, cluster } = tables;
  const columns = USAGE_COLUMNS.map((column) => `  ${named(column.name)} ${typeOf(column)}`);
  const made =
    `create table if not exists ${named(stored)}${onCluster(tables)} (\n${columns.join(',\n')},\n` +
    `  version UInt64 default ${FIRST}\n) engine = ${cluster === null ? '' : 'Replicated'}ReplacingMergeTree(version)\n` +
    `partition by toYYYYMM(date)\norder by (${RECORD_KEY})`;
  if (cluster === null) return [made];
  const engine = `Distributed(${quoted(cluster)}, currentDatabase(), ${quoted(stored)}, cityHash64(id))`;
  return [
    made,
    `create table if not exists ${records}${onCluster(tables)} as ${named(stored)}\nengine = ${engine}`,
  ];
}

/** Tokens of inserts that the server remembers, and on a cluster for how long, in seconds: processes that race are moments apart. */
const TOKENS = 10_000;
const TOKEN_SECONDS = 86_400;

/** The statement that makes the table of the rows. On a cluster, every server has all of them. */
export function rowTable(tables: ClickHouseTables): string {
  const { rows, name, cluster } = tables;
  const path = `${quoted(`/clickhouse/tables/{database}/${name}_summary`)}, '{shard}_{replica}', `;
  const [engine, tokens] =
    cluster === null
      ? ['ReplacingMergeTree(', `non_replicated_deduplication_window = ${TOKENS}`]
      : [
          `ReplicatedReplacingMergeTree(${path}`,
          `replicated_deduplication_window = ${TOKENS}, replicated_deduplication_window_seconds = ${TOKEN_SECONDS}`,
        ];
  return (
    `create table if not exists ${rows}${onCluster(tables)} (\n  id String,\n  kind LowCardinality(String),\n` +
    '  dimension LowCardinality(String),\n  start_ms Int64,\n  end_ms Int64,\n  edition String,\n  data String,\n  writer String,\n' +
    `  version UInt64 default ${FIRST},\n  is_deleted UInt8 default 0\n) engine = ${engine}${ROW_VERSION})\n` +
    `order by (${ROW_KEY})\nsettings ${tokens}, index_granularity = 128`
  );
}

/** The table of the records as it has to be. */
export function wantedRecords(tables: ClickHouseTables): WantedTable {
  const types = new Map(USAGE_COLUMNS.map((column) => [column.name, typeOf(column)])).set(
    'version',
    'UInt64',
  );
  const [sql = ''] = recordTable(tables);
  return { name: tables.stored, sql, version: 'version', sortingKey: RECORD_KEY, types };
}

/** The table of the rows as it has to be. */
export function wantedRows(tables: ClickHouseTables): WantedTable {
  const [name, sql] = [`${tables.name}_summary`, rowTable(tables)];
  return { name, sql, version: ROW_VERSION, sortingKey: ROW_KEY, types: new Map() };
}

/**
 * The statements that make the tables of a `ClickHouseStorage`, for the application's migrations.
 *
 * @param tableName - the table of the records. @default 'koa_usage'
 * @param cluster - the cluster whose servers all get the tables, as `ON CLUSTER` names it
 */
export function clickHouseTables(tableName: string = DEFAULT_TABLE_NAME, cluster?: string): string[] {
  const tables = tablesOf(tableName, cluster);
  return [...recordTable(tables), rowTable(tables)];
}

function typeOf({ property, kind, isNullable }: UsageColumn): string {
  const type = isNullable ? `Nullable(${TYPES[kind]})` : TYPES[kind];
  return OF_FEW_VALUES.has(property) ? `LowCardinality(${type})` : type;
}
