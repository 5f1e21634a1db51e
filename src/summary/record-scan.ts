import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ColumnProperty } from '../record/columns.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { UsageStreamQuery } from '../storage/usage-query.js';
import type { UsageReader } from '../storage/usage-reader.js';
import type { Dimension } from './dimensions.js';
import { END_MS, FIRST_MS, type Span } from './periods.js';
import type { Sums } from './sums.js';
import { FIGURE_COLUMNS } from './tally.js';

/** Records that one statement reads. Of more, V8 would have to move many while they wait for their turn. */
const PAGE_RECORDS = 500;

/** Records that are added up in one turn of the event loop. */
const TURN_RECORDS = 200;

/** A reader that can read records in part: neither a user agent in full nor JSON is summed up as a rule. */
export interface ColumnReader {
  /**
   * Reads records in the order of `streamUsage`, page by page.
   *
   * @param columns - what is read of them; all else is missing. Null for whole records
   */
  scanUsage(
    query: UsageStreamQuery,
    columns: readonly ColumnProperty[] | null,
  ): AsyncIterableIterator<readonly UsageRecord[]>;
}

/** A reader that can sum up records without making any of them. */
export interface SummingReader {
  /**
   * Sums up records.
   *
   * @param columns - what is needed of them
   * @returns how many records these are; null where it cannot
   */
  sumUsage(
    query: UsageStreamQuery,
    columns: readonly ColumnProperty[],
    sums: Sums,
    signal: AbortSignal,
  ): Promise<number | null>;
}

/** What records are read from. */
export type RecordSource = Pick<UsageReader, 'streamUsage'> & Partial<ColumnReader & SummingReader>;

/**
 * Sums up the records of a span.
 *
 * @param filters - as queries for records have them
 * @returns how many records these are
 * @throws the signal's reason if it is aborted meanwhile
 */
export async function sumRecords(
  reader: RecordSource,
  { startMs, endMs }: Span,
  sums: Sums,
  signal: AbortSignal,
  filters: object = {},
): Promise<number> {
  const query = {
    ...filters,
    startDate: startMs <= FIRST_MS ? undefined : new Date(startMs),
    endDate: endMs >= END_MS ? undefined : new Date(endMs),
    batchSize: PAGE_RECORDS,
  };
  const columns = columnsOf(sums.dimensions);
  const summed = columns && (await reader.sumUsage?.(query, columns, sums, signal));
  if (typeof summed === 'number') return summed;
  let count = 0;
  for await (const page of reader.scanUsage?.(query, columns) ?? pagesOf(reader, query)) {
    for (const record of page) {
      sums.add(record, record.date.getTime());
      count += 1;
      if (count % TURN_RECORDS !== 0) continue;
      await nextTurn();
      signal.throwIfAborted();
    }
  }
  return count;
}

/** The columns that are needed of a record; null if these may be all. */
function columnsOf(dimensions: readonly Dimension[]): ColumnProperty[] | null {
  const needed = new Set<ColumnProperty>(FIGURE_COLUMNS);
  for (const { columns } of dimensions) {
    if (columns === undefined) return null;
    for (const column of columns) needed.add(column);
  }
  return [...needed];
}

async function* pagesOf(
  reader: Pick<UsageReader, 'streamUsage'>,
  query: UsageStreamQuery,
): AsyncIterableIterator<readonly UsageRecord[]> {
  for await (const record of reader.streamUsage(query)) yield [record];
}
