import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UsageRecord } from '../record/usage-record.js';
import { encodeCursor } from './usage-cursor.js';
import {
  type ResolvedUsagePageQuery,
  type UsagePageQuery,
  type UsageStreamQuery,
  resolveUsageStreamQuery,
  scopeOf,
} from './usage-query.js';

/** Some records, and where the next ones begin. */
export interface UsagePage {
  /** The records, newest first, those of the same millisecond by descending id. */
  readonly items: UsageRecord[];
  /** The `cursor` of the next page; null if nothing follows. It stays good for as long as records are kept. */
  readonly nextCursor: string | null;
}

/**
 * Makes a page of the records that a storage found.
 *
 * @param found - in the order of reading, the records after `query.after`: one more than `query.limit` if there are
 *   so many, as this last record tells that something follows
 */
export function usagePageOf(found: readonly UsageRecord[], query: ResolvedUsagePageQuery): UsagePage {
  const items = found.slice(0, query.limit);
  const last = items.at(-1);
  const isLast = last === undefined || found.length <= query.limit;
  return { items, nextCursor: isLast ? null : encodeCursor(last, scopeOf(query)) };
}

/**
 * Reads any number of records one after another, holding one page of them at a time. The next page is read when
 * the last record of a page has been taken. A record that is stored meanwhile is read if it is older than the record
 * that was taken last.
 *
 * @param readPage - how a page is read: the storage's own `getUsagePage`
 * @throws {TrackUsageError} `INVALID_QUERY` at once, and not with the first record, if the query is not usable
 */
export function streamUsagePages(
  query: UsageStreamQuery | undefined,
  readPage: (query: UsagePageQuery) => Promise<UsagePage>,
): AsyncIterableIterator<UsageRecord> {
  const { startDate, endDate, filters, batchSize } = resolveUsageStreamQuery(query);
  const selection: UsagePageQuery = {
    ...Object.fromEntries(filters),
    startDate: startDate ?? undefined,
    endDate: endDate ?? undefined,
    limit: batchSize,
  };
  return readOn((cursor) => readPage({ ...selection, cursor }));
}

/**
 * Reads any number of records page by page, as {@link streamUsagePages} does, for callers that need no cursors.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` with the first page if the query is not usable
 */
export async function* walkUsagePages(
  query: UsageStreamQuery,
  readPage: (query: ResolvedUsagePageQuery) => Promise<UsageRecord[]>,
): AsyncIterableIterator<UsageRecord[]> {
  const { batchSize: limit, ...selection } = resolveUsageStreamQuery(query);
  for (let after: UsageRecord | null = null; ; await nextTurn()) {
    const page: UsageRecord[] = await readPage({ ...selection, limit, after });
    yield page;
    if (page.length < limit) return;
    after = page.at(-1) ?? null;
  }
}

async function* readOn(
  readPage: (cursor: string | null) => Promise<UsagePage>,
): AsyncIterableIterator<UsageRecord> {
  let cursor: string | null = null;
  do {
    const page: UsagePage = await readPage(cursor);
    yield* page.items;
    cursor = page.nextCursor;
    // A page may have come without one: from memory, or from SQLite.
    await nextTurn();
  } while (cursor !== null);
}
