import { type ColumnValue, valuesOf } from '../../../record/columns.js';
import type { UsageRecord } from '../../../record/usage-record.js';

/** What SQLite can bind. */
export type BindableValue = string | number | null;

/** The values of a row, in the order of the columns. */
export type SqliteRow = readonly BindableValue[];

/**
 * A record as a row.
 *
 * @throws if something in it cannot be JSON
 */
export function rowOf(record: UsageRecord): SqliteRow {
  return valuesOf(record).map(bindable);
}

/** A value as SQLite has it: MikroORM keeps booleans as 0 and 1, and dates as milliseconds. */
export function bindable(value: ColumnValue): BindableValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : value;
}
