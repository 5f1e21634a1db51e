import type { UsageRecord } from '../../../record/usage-record.js';
import { mySqlDate } from '../../mikro-orm/mysql-column-types.js';
import type { ColumnValue } from '../../mikro-orm/usage-row.js';
import type { UsageTable } from '../usage-table.js';

/** What a column is given. */
export type Parameter = string | number | null;

/** The values of a record, one a column. */
export function parametersOf({ columns }: UsageTable, record: UsageRecord): Parameter[] {
  return columns.map(({ value }) => parameterOf(value(record)));
}

function parameterOf(value: ColumnValue): Parameter {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? mySqlDate(value) : value;
}
