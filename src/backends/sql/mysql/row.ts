import { type ColumnValue, valuesOf } from '../../../record/columns.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import { mySqlDate } from '../../mikro-orm/mysql-column-types.js';

/** What a column is given. */
export type Parameter = string | number | null;

/** The values of a record, one a column. */
export function parametersOf(record: UsageRecord): Parameter[] {
  return valuesOf(record).map(parameterOf);
}

function parameterOf(value: ColumnValue): Parameter {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? mySqlDate(value) : value;
}
