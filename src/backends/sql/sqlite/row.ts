import type { UsageRecord } from '../../../record/usage-record.js';
import type { ColumnValue } from '../../mikro-orm/usage-row.js';
import type { UsageTable } from '../usage-table.js';

/** What SQLite can bind. */
export type BindableValue = string | number | null;

/** A row as it is bound: nulls stand in the statement itself, as binding one takes as long as binding a text. */
export interface SqliteRow {
  /** Which columns are null: a bit each, the first column's being the lowest. */
  readonly nulls: number;
  /** The values of the others, in the order of the columns. */
  readonly values: readonly (string | number)[];
}

/** A record as a row. */
export function rowOf({ columns }: UsageTable, record: UsageRecord): SqliteRow {
  const values: (string | number)[] = [];
  let nulls = 0;
  for (const [index, { value }] of columns.entries()) {
    const bound = bindable(value(record));
    if (bound === null) nulls |= 1 << index;
    else values.push(bound);
  }
  return { nulls, values };
}

/** All values of a record that SQLite can bind, in the order of the columns. */
export function valuesOf({ columns }: UsageTable, record: UsageRecord): BindableValue[] {
  return columns.map(({ value }) => bindable(value(record)));
}

/** A value as SQLite has it: MikroORM keeps booleans as 0 and 1, and dates as milliseconds. */
export function bindable(value: ColumnValue): BindableValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : value;
}
