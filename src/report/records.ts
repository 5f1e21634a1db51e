import type { StatusFilter } from '../storage/usage-filters.js';
import type { UsagePageQuery } from '../storage/usage-query.js';
import { periodsOf } from '../summary/periods.js';
import { ReportOptions, readReportOptions } from './report-options.js';
import type { ReportSource } from './report-source.js';
import { momentOf } from './report-window.js';
import type { RecordsReport } from './report.js';

/** Records of a page, unless the query says how many. */
export const PAGE_RECORDS = 50;

/** Statuses with commas between them, such as `404,5xx`, as a query takes them; it refuses what is none. */
export function statusesOf(list: string): StatusFilter[] {
  return list
    .split(',')
    .map((one) => one.trim())
    .map((one) => (/^\d+$/.test(one) ? Number(one) : one) as StatusFilter);
}

/**
 * The dates of records that those of a report stand for. `from` begins with its day, and days are those of the time zone.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if a date cannot be used
 */
export function recordDatesOf(
  given: Pick<ReportOptions, 'from' | 'to'>,
  timeZone: string,
): Pick<UsagePageQuery, 'startDate' | 'endDate'> {
  const { from, to } = readReportOptions('records', ReportOptions, given);
  const periods = periodsOf(timeZone);
  return {
    startDate: from && new Date(periods.dayOf(momentOf(periods, from)).startMs),
    endDate: to && new Date(momentOf(periods, to)),
  };
}

/**
 * Lists the newest records that pass the filters, page after page.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable
 */
export async function recordsReport(
  { reader, now }: ReportSource,
  query: UsagePageQuery = {},
): Promise<RecordsReport> {
  const asOf = new Date(now());
  const { items, nextCursor } = await reader.getUsagePage({ ...query, limit: query.limit ?? PAGE_RECORDS });
  return { asOf, records: items, nextCursor };
}
