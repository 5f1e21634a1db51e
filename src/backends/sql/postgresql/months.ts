import { firstIdAt, momentOfId } from '../../../record/record-id.js';
import { quoteTable } from '../identifiers.js';
import type { UsageTable } from '../usage-table.js';

/** A table, by its name and schema. */
type Place = Pick<UsageTable, 'name' | 'schema'>;

/** A month of UTC, as the number of months since January of the year 0. */
export type Month = number;

/** The month of a moment, in milliseconds since 1970. */
export function monthAt(ms: number): Month {
  const date = new Date(ms);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** When a month begins, in milliseconds since 1970. */
export function startOf(month: Month): number {
  return Date.UTC(Math.floor(month / 12), month % 12);
}

/** The months of the records of these ids. An id that is no UUIDv7 has none. */
export function monthsOf(ids: readonly string[]): Month[] {
  return [...new Set(ids.flatMap((id) => momentOfId(id) ?? []).map(monthAt))];
}

/** A partition's quoted name, such as `"koa_usage_2026_12"`, and its bounds. */
export function partitionOf(table: Place, month: Month): { readonly name: string; readonly bounds: string } {
  const suffix = `${Math.floor(month / 12)}_${String((month % 12) + 1).padStart(2, '0')}`;
  const [from, to] = [month, month + 1].map((one) => firstIdAt(startOf(one)));
  return {
    name: quoteTable({ ...table, name: `${table.name}_${suffix}` }),
    bounds: `for values from ('${from}') to ('${to}')`,
  };
}

/**
 * The SQL for the note that is written beside a partition before it is detached to be dropped, without the bounds that follow it. A
 * partition that is detached by hand has no such note, and is kept. The note names the schema, as several may have a table of this name.
 *
 * @param table - the SQL for the partitioned table's oid
 */
export function dropNote(table: string): string {
  return (
    "(select format('koa-track-usage: of %I.%I, and to be dropped; ', n.nspname, t.relname) " +
    `from pg_class t join pg_namespace n on n.oid = t.relnamespace where t.oid = ${table})`
  );
}
