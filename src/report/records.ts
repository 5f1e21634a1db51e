import type { UsagePageQuery } from '../storage/usage-query.js';
import type { ReportSource } from './report-source.js';
import type { RecordsReport } from './report.js';

/** Records of a page, unless the query says how many. */
export const PAGE_RECORDS = 50;

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
