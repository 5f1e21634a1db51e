import { type ColumnValue, valuesOf } from '../../../record/columns.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { TableColumn, UsageTable } from '../usage-table.js';
import { BINARY_TYPES, BinaryArrays } from './binary-array.js';
import { quote, quoteTable } from '../identifiers.js';
import type { Statement } from './native-client.js';

type TypeName = keyof typeof BINARY_TYPES;

/** Makes the statement that inserts a batch. It has no name: poolers such as PgBouncer lose named statements. */
export type MakeInsert = (batch: readonly UsageRecord[]) => Statement;

/** Makes the statement with an array a column, as bytes: the fastest way, where pg itself sends them. */
export function insertOfArrays(table: UsageTable): MakeInsert {
  const columns = table.columns.map((column) => ({ ...column, type: typeOf(column) }));
  const arrays = new BinaryArrays();
  const parameters = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');
  const names = columns.map(({ name }) => quote(name)).join(', ');
  const text = insert(table, names, `unnest(${parameters}) as record(${names})`);
  return (batch) => {
    const rows = batch.map(valuesOf);
    const values = columns.map(({ type }, column) =>
      arrays.make(BINARY_TYPES[type], rows.length, (row) => rows[row]?.[column] ?? null),
    );
    return { text, values };
  };
}

/** Makes the statement with the whole batch as one JSON text, which every client can send. */
export function insertOfJson(table: UsageTable): MakeInsert {
  const columns = table.columns.map((column) => ({ ...column, type: typeOf(column) }));
  const definitions = columns.map(({ name, type }) =>
    // ISO 8601 of years after 9999 is not PostgreSQL's.
    type === 'timestamptz' ? `${quote(name)} float8` : `${quote(name)} ${type}`,
  );
  const values = columns.map(({ name, type }) =>
    type === 'timestamptz' ? `to_timestamp(${quote(name)} / 1000)` : quote(name),
  );
  const source = `json_to_recordset($1::text::json) as record(${definitions.join(', ')})`;
  const text = insert(table, values.join(', '), source);
  return (batch) => {
    const rows = batch.map((record) => {
      const row = valuesOf(record).map((value, column) => {
        const { name, type } = columns[column] as (typeof columns)[number];
        return `${JSON.stringify(name)}:${jsonOf(value, type)}`;
      });
      return `{${row.join(',')}}`;
    });
    return { text, values: [`[${rows.join(',')}]`] };
  };
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
