import assert from 'node:assert/strict';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePage } from '../../storage/usage-page.js';
import type { UsagePageQuery, UsageQuery } from '../../storage/usage-query.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { backoffMs } from '../../time/backoff.js';

/** How often something is tried before a storage counts as unable to do it. */
const MAX_TRIES = 100;

/** Pauses of several writers that are of different length keep them from colliding again. */
const BACKOFF = { minDelayMs: 10, maxDelayMs: 500 };

/** Pages that no check has: a storage that comes to so many does not go on from its cursors. */
export const TOO_MANY_PAGES = 200;

/** More records than any check stores. */
const TOO_MANY_RECORDS = 20_000;

const NOT_WAITED_FOR = new Error('no longer waited for');

/** A signal that nobody aborts. */
export function patience(): AbortSignal {
  return new AbortController().signal;
}

/** A signal of a tracker that has stopped waiting. */
export function impatience(): AbortSignal {
  return AbortSignal.abort(NOT_WAITED_FOR);
}

/** The outcome of something that is aborted after some turns of the event loop. */
export async function abortedAfter<Result>(
  turns: number,
  begin: (signal: AbortSignal) => Promise<Result>,
): Promise<PromiseSettledResult<Result>> {
  const controller = new AbortController();
  const outcomes = Promise.allSettled([begin(controller.signal)]);
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  controller.abort(NOT_WAITED_FOR);
  const [outcome] = await outcomes;
  return outcome;
}

/** Whether an error says «later»: a storage cannot do something now. */
export function isLater(error: unknown): boolean {
  return error instanceof TrackUsageError && ['STORAGE_UNAVAILABLE', 'STORAGE_TIMEOUT'].includes(error.code);
}

/** Does something as the tracker does when a storage is away for a while: again and again. */
export async function insist<Result>(
  body: () => Promise<Result>,
  mayRepeat: (error: unknown) => boolean = () => true,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await body();
    } catch (error) {
      if (!mayRepeat(error) || tries === MAX_TRIES) throw error;
      await pause(backoffMs(BACKOFF, tries, Math.random()));
    }
  }
}

/** Stores records in one batch, all of which have to be taken. */
export async function storeAll(
  storage: ReadableUsageStorage,
  records: readonly UsageRecord[],
): Promise<void> {
  const { stored, refused } = await storage.store(records, patience());
  if (refused[0] !== undefined) throw refused[0].error;
  if (stored !== records.length) throw new Error(`${stored} of ${records.length} records were stored.`);
}

/** Does something while other writes are under way, all of which have to succeed before it ends. */
export async function beside(body: (begin: (write: Promise<void>) => void) => Promise<void>): Promise<void> {
  const writes: Promise<[PromiseSettledResult<void>]>[] = [];
  try {
    await body((write) => void writes.push(Promise.allSettled([write])));
  } finally {
    await Promise.all(writes);
  }
  for (const [outcome] of await Promise.all(writes)) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Reads page after page by cursor, to the end. */
export async function* readPages(
  { reader }: ReadableUsageStorage,
  query: UsagePageQuery,
): AsyncGenerator<UsageRecord[]> {
  let cursor: string | null = null;
  for (let count = 1; count < TOO_MANY_PAGES; count += 1) {
    const page: UsagePage = await reader.getUsagePage({ ...query, cursor });
    yield page.items;
    cursor = page.nextCursor;
    if (cursor === null) return;
  }
  assert.fail('The pages do not come to an end.');
}

/** The ids on each page of a query, read to the end. */
export async function pagesOf(storage: ReadableUsageStorage, query: UsagePageQuery): Promise<string[][]> {
  return (await drain(readPages(storage, query))).map(ids);
}

/** All that a stream brings. */
export async function drain<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) {
    assert(items.push(item) <= TOO_MANY_RECORDS, 'The stream does not come to an end.');
  }
  return items;
}

/** The ids that a query finds, in its order. */
export async function idsOf(storage: ReadableUsageStorage, query?: UsageQuery): Promise<string[]> {
  return ids(await storage.reader.getUsage(query));
}

/** The ids of records. */
export function ids(records: readonly Pick<UsageRecord, 'id'>[]): string[] {
  return records.map(({ id }) => id);
}
