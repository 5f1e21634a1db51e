import type { UsageRecord } from '../record/usage-record.js';
import type { UsagePage } from './usage-page.js';
import type { UsageCountQuery, UsagePageQuery, UsageQuery, UsageStreamQuery } from './usage-query.js';

/**
 * What reads records back. Its methods reject with a `TrackUsageError` where the storage is at fault too: `STORAGE_SETUP`, `STORAGE_UNAVAILABLE`,
 * `STORAGE_TIMEOUT` or `STORAGE_CLOSED`, of which the database's own error is the `cause`.
 */
export interface UsageReader {
  /**
   * Reads records, newest first, those of the same millisecond by descending id.
   *
   * @param query - bounds, page and filters; without them the 500 newest records
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable
   */
  getUsage(query?: UsageQuery): Promise<UsageRecord[]>;

  /**
   * Reads records in the order of `getUsage`, page after page by a cursor: the thousandth page costs what the first one
   * does, and records that arrive in between neither repeat nor hide any.
   *
   * @param query - bounds, filters, limit, and the `nextCursor` of the page before
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable, or the cursor is not one of this query
   */
  getUsagePage(query?: UsagePageQuery): Promise<UsagePage>;

  /**
   * Counts records.
   *
   * @param query - bounds and filters; without them all records
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable
   */
  countUsage(query?: UsageCountQuery): Promise<number>;

  /**
   * Goes through any number of records in the order of `getUsage`, holding a few of them at a time.
   *
   * @param query - bounds, filters, and how many records are read at a time
   * @throws {TrackUsageError} `INVALID_QUERY` when it is called, not with the first record, if the query is not
   *   usable
   */
  streamUsage(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord>;
}
