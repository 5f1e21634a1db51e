import { type ColumnValue, valuesOf } from '../../../record/columns.js';
import type { GrowingInsert } from '../chunk-writer.js';
import type { TableColumn, UsageTable } from '../usage-table.js';
import { BINARY_TYPES, BinaryArray } from './binary-array.js';
import { quote, quoteTable } from '../identifiers.js';
import type { Statement } from './native-client.js';

type TypeName = keyof typeof BINARY_TYPES;

/** A statement is full as soon as it has so many bytes or characters: the client copies or encrypts all of it in one turn. */
const MAX_LENGTH = 1_048_576;

/** Rows that are encoded together, column by column, which takes less time than row by row. */
const ROWS_TOGETHER = 16;

/**
 * Inserts with an array a column, as bytes: the fastest way by pg itself. Poolers such as PgBouncer lose named statements.
 *
 * @param isUuid - whether the column of ids is of the type uuid
 */
export function insertOfArrays(table: UsageTable, isUuid: boolean): () => GrowingInsert<Statement> {
  const columns = table.columns.map((column) => ({ ...column, type: typeOf(column) }));
  const parameters = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');
  const names = columns.map(({ name }) => quote(name)).join(', ');
  const values = columns.map(({ name }) => quote(name) + castOf(name, isUuid)).join(', ');
  const text = insert(table, values, `unnest(${parameters}) as record(${names})`);
  // The memory of a statement that has ended serves the next one: new memory for each doubles the time.
  let idle: BinaryArray[] | null = null;
  return () => {
    const arrays = idle ?? columns.map(({ type }) => new BinaryArray(BINARY_TYPES[type]));
    idle = null;
    let bytes = 0;
    let rows: ColumnValue[][] = [];
    const encode = (): void => {
      for (const [column, array] of arrays.entries())
        for (const row of rows) bytes += array.add(row[column] ?? null);
      rows = [];
    };
    return {
      add(record) {
        rows.push(valuesOf(record));
        if (rows.length === ROWS_TOGETHER) encode();
        return bytes < MAX_LENGTH;
      },
      finish: encode,
      end() {
        idle = arrays;
        return { text, values: arrays.map((array) => array.end()) };
      },
    };
  };
}

/**
 * Inserts with all records as one JSON text, which every client can send.
 *
 * @param isUuid - whether the column of ids is of the type uuid
 */
export function insertOfJson(table: UsageTable, isUuid: boolean): () => GrowingInsert<Statement> {
  const columns = table.columns.map((column) => ({ ...column, type: typeOf(column) }));
  const definitions = columns.map(({ name, type }) =>
    // ISO 8601 of years after 9999 is not PostgreSQL's.
    type === 'timestamptz' ? `${quote(name)} float8` : `${quote(name)} ${type}`,
  );
  const values = columns.map(({ name, type }) =>
    type === 'timestamptz' ? `to_timestamp(${quote(name)} / 1000)` : quote(name) + castOf(name, isUuid),
  );
  const source = `json_to_recordset($1::text::json) as record(${definitions.join(', ')})`;
  const text = insert(table, values.join(', '), source);
  return () => {
    let json = '';
    return {
      add(record) {
        const row = valuesOf(record).map((value, column) => {
          const { name, type } = columns[column] as (typeof columns)[number];
          return `${JSON.stringify(name)}:${jsonOf(value, type)}`;
        });
        json += `${json === '' ? '[' : ','}{${row.join(',')}}`;
        return json.length < MAX_LENGTH;
      },
      end: () => ({ text, values: [`${json}]`] }),
    };
  };
}

/** Text becomes a UUID only where it is told to. */
function castOf(name: string, isUuid: boolean): string {
  return isUuid && name === 'id' ? '::uuid' : '';
}

function insert(table: UsageTable, values: string, source: string): string {
  const names = table.columns.map(({ name }) => quote(name)).join(', ');
  return (
    `insert into ${quoteTable(table)} (${names}) select ${values} from ${source} ` +
    `on conflict (${quote('id')}) do nothing`
  );
}

function jsonOf(value: ColumnValue, type: TypeName): string {
  if (value instanceof Date) return String(value.getTime());
  return type === 'jsonb' && value !== null ? (value as string) : JSON.stringify(value);
}

function typeOf({ kind, type }: TableColumn): TypeName {
  if (kind === 'string') return 'text';
  if (kind === 'Date') return 'timestamptz';
  if (kind === 'boolean') return 'bool';
  if (kind !== 'number') return 'jsonb';
  if (type === 'double precision') return 'float8';
  return type === 'bigint' ? 'int8' : 'int4';
}
