import { firstIdAt, momentOfId } from '../../../record/record-id.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import { quoteTable } from '../identifiers.js';
import type { UsageTable } from '../usage-table.js';

/** A table, by its name and schema. */
export type Place = Pick<UsageTable, 'name' | 'schema'>;

/** The partition of a month: its quoted name, such as `"koa_usage_2026_12"`, and its bounds. */
export interface MonthPartition {
  readonly name: string;
  readonly bounds: string;
}

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

/**
 * Checks that a record is found in a table in ranges of ids: with `startDate`, none is looked for among ids of before that.
 *
 * @throws {Error} if its id is no UUIDv7, or older than its date
 */
export function checkId({ id, date }: Pick<UsageRecord, 'id' | 'date'>): void {
  const ms = momentOfId(id);
  if (ms !== null && ms >= date.getTime()) return;
  throw new Error(
    `a table in ranges of ids takes a record of ${date.toJSON()} by a UUIDv7 (RFC 9562, in lower case) of that moment or later, such as ` +
      `of the request's end, and '${id}' is none`,
  );
}

/** The partition of a month. */
export function partitionOf(table: Place, month: Month): MonthPartition {
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
