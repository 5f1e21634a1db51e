import type { UsageRecord } from 'koa-track-usage';
import type { ReadableUsageStorage } from 'koa-track-usage/storage';
import { type Span, storeUnfolded } from '../harness/folding.js';
import { COLUMNS } from './columns.js';
import { pastRecords } from './past-records.js';

/** Records that are sent; the server makes the others of them. */
export const SENT_RECORDS = 10_000;

const SENT_AT_ONCE = 500;

const OTHERS = COLUMNS.filter((column) => column !== 'id' && column !== 'date')
  .map((column) => `"${column}"`)
  .join(', ');

/** Stores {@link SENT_RECORDS} records of a span, evenly spread and the earliest first, each with an id of its date. */
export async function sendRecords(storage: ReadableUsageStorage, span: Span): Promise<void> {
  await storeUnfolded(
    storage,
    [...pastRecords(SENT_RECORDS, span, SENT_AT_ONCE)].map((batch) => batch.map(idOfDate)),
  );
}

function idOfDate(record: UsageRecord): UsageRecord {
  const digits = record.date.getTime().toString(16).padStart(12, '0');
  return { ...record, id: `${digits.slice(0, 8)}-${digits.slice(8)}${record.id.slice(13)}` };
}

/**
 * The statement that makes so many of each record, spread over the time until the next one.
 *
 * @param records - how many there are, evenly spread over the span
 */
export function multiply(
  engine: 'postgresql' | 'clickhouse',
  records: number,
  { startMs, endMs }: Span,
  copies: number,
): string {
  const stepMs = Math.floor((endMs - startMs) / records / copies);
  const insert = `insert into koa_usage (id, date, ${OTHERS})`;
  if (engine === 'clickhouse') {
    const digits = `leftPad(lower(hex(toUnixTimestamp64Milli(date) + copy * ${stepMs})), 12, '0')`;
    return (
      `${insert} select concat(left(${digits}, 8), '-', right(${digits}, 4), '-7', substring(toString(generateUUIDv4(copy)), 16)), ` +
      `date + toIntervalMillisecond(copy * ${stepMs}), ${OTHERS} ` +
      `from (select number as copy from numbers(1, ${copies - 1})) as made cross join koa_usage`
    );
  }
  // The times hang on the record, so that rows come in their order, as the rows of a table do that has grown.
  const times = `generate_series(date + '${stepMs} ms', date + '${stepMs * (copies - 1)} ms', '${stepMs} ms') time`;
  const digits = `lpad(to_hex((extract(epoch from time) * 1000)::bigint), 12, '0') digits`;
  return (
    `${insert} select left(digits, 8) || '-' || right(digits, 4) || substr(id, 14), time, ` +
    `${OTHERS} from (select * from koa_usage order by date) sent, lateral ${times}, lateral ${digits}`
  );
}
