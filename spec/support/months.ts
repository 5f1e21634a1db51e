import type { Client } from 'pg';
import { RecordIds } from '../../src/record/record-id.js';
import type { UsageRecord, UsageRecordDraft } from '../../src/record/usage-record.js';
import { makeRecord } from './records.js';

/** A record of a request that began and ended at a moment. */
export function recordAt(text: string, fields: Partial<UsageRecordDraft> = {}): UsageRecord {
  const date = new Date(text);
  return makeRecord({ id: new RecordIds().next(date.getTime()), date, ...fields });
}

/** The first moment of a month, so many months from now. */
export function monthFromNow(months: number): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months));
}

/** The names of the partitions of this month and those after it. */
export function namesAhead(count: number): string[] {
  return Array.from({ length: count }, (_, index) => nameOf(monthFromNow(index)));
}

/** The name of the partition of a moment's month. */
export function nameOf(date: Date): string {
  return `koa_usage_${date.toISOString().slice(0, 7).replace('-', '_')}`;
}

/** The names of a table's partitions, in the order of their names. */
export async function partitionsOf(client: Client, table = 'koa_usage'): Promise<string[]> {
  const sql =
    'select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid ' +
    `where i.inhparent = '${table}'::regclass and not i.inhdetachpending order by 1`;
  const { rows } = await client.query<{ name: string }>(sql);
  return rows.map(({ name }) => name);
}
