import type { ColumnProperty } from '../../../record/columns.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import { type Dimension, findDimension } from '../../../summary/dimensions.js';
import { periodsOf } from '../../../summary/periods.js';
import { type SumOrder, Sums } from '../../../summary/sums.js';
import type { FoundSums } from '../../mikro-orm/usage-repository.js';
import type { NativeDatabase } from './native-client.js';

/**
 * Sums up the records that a statement finds.
 *
 * @param properties - the properties of records by the names of their columns
 */
export function sumRows(
  database: NativeDatabase,
  { sql, order }: { readonly sql: string; readonly order: SumOrder },
  properties: ReadonlyMap<string, ColumnProperty>,
): FoundSums {
  const statement = database.prepare(sql).raw();
  const found = statement.columns().map(({ name }) => properties.get(name) ?? name);
  // Who merges the sums knows how many keys there may be.
  const dimensions = order.names.map((name) => ({
    ...(findDimension(name) as Dimension),
    maxKeys: Infinity,
  }));
  const sums = new Sums(dimensions, periodsOf(order.timeZone), order.period);
  // One object for all rows: of a record, neither keys nor figures keep anything but texts and numbers.
  const userAgent: Record<string, unknown> = {};
  const record: Record<string, unknown> = { userAgent };
  const isOfAgent = found.map((property) => /^ua[A-Z]/.test(property));
  const names = found.map((property, index) =>
    isOfAgent[index] === true ? `${property.charAt(2).toLowerCase()}${property.slice(3)}` : property,
  );
  let count = 0;
  for (const values of statement.iterate()) {
    for (let index = 0; index < names.length; index += 1)
      (isOfAgent[index] === true ? userAgent : record)[names[index] as string] = values[index];
    if (typeof record['ipInfo'] === 'string') record['ipInfo'] = JSON.parse(record['ipInfo']);
    sums.add(record as unknown as UsageRecord, Number(record['date']));
    count += 1;
  }
  const { id, date } = record;
  const last = count === 0 ? null : { id: String(id), date: new Date(Number(date)) };
  return { count, parts: [...sums.parts()], last };
}
