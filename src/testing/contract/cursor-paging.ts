import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePage } from '../../storage/usage-page.js';
import type { UsagePageQuery } from '../../storage/usage-query.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { HOSTILE_TEXTS } from './hostile-values.js';
import { makeRecord, makeRecords, newestFirst } from './records.js';
import { type ContractCheck, beside, check, ids, idsOf, storeAll } from './subject.js';

const NOON = new Date('2026-03-01T12:00:00.500Z');

/** Pages that no check has: a storage that comes to so many does not go on from its cursors. */
const TOO_MANY_PAGES = 200;

/** Reads page after page to the end, and does something after each. */
async function readPages(
  storage: ReadableUsageStorage,
  query: UsagePageQuery,
  afterPage: (page: UsagePage, pagesRead: number) => Promise<void> | void,
): Promise<void> {
  let cursor: string | null = null;
  for (let pagesRead = 1; ; pagesRead += 1) {
    assert(pagesRead < TOO_MANY_PAGES, 'The pages do not come to an end.');
    const page: UsagePage = await storage.reader.getUsagePage({ ...query, cursor });
    await afterPage(page, pagesRead);
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

/** All pages of a query, read to the end. */
export async function pagesOf(storage: ReadableUsageStorage, query: UsagePageQuery): Promise<string[][]> {
  const pages: string[][] = [];
  await readPages(storage, query, ({ items }) => void pages.push(ids(items)));
  return pages;
}

/** A check of pages of one size within one millisecond. */
function pagesOfOneMillisecond(limit: number): ContractCheck {
  return check(`add up to the whole with ${limit} records of one millisecond each`, async (storage) => {
    const same = makeRecords(20, { date: NOON });
    await storeAll(storage, [...same.slice(10), ...same.slice(0, 10).toReversed()]);
    const pages = await pagesOf(storage, { limit });
    assert.deepEqual(pages.flat(), ids(same.toSorted(newestFirst)));
    for (const page of pages.slice(0, -1)) assert.equal(page.length, limit);
  });
}

/** What pages by cursor are. */
export const CURSOR_PAGING: readonly ContractCheck[] = [
  check('begin with the newest, as whole records, and end with null', async (storage) => {
    const records = makeRecords(3);
    await storeAll(storage, records);
    const first = await storage.reader.getUsagePage({ limit: 2 });
    assert.deepEqual(first.items, [records[2], records[1]]);
    assert.match(String(first.nextCursor), /^[\w-]+$/);
    const last = await storage.reader.getUsagePage({ limit: 2, cursor: first.nextCursor });
    assert.deepEqual(last, { items: [records[0]], nextCursor: null });
  }),

  check('have 500 records unless told otherwise', async (storage) => {
    await storeAll(storage, makeRecords(501));
    assert.deepEqual((await storage.reader.getUsagePage()).items, await storage.reader.getUsage());
    assert.deepEqual(
      (await pagesOf(storage, {})).map(({ length }) => length),
      [500, 1],
    );
  }),

  check('are one empty page where there is nothing', async (storage) => {
    const empty = { items: [], nextCursor: null };
    assert.deepEqual(await storage.reader.getUsagePage(), empty);
    await storeAll(storage, makeRecords(3));
    assert.deepEqual(await storage.reader.getUsagePage({ route: '/no/such' }), empty);
    assert.deepEqual(await storage.reader.getUsagePage({ startDate: '2027-01-01', cursor: null }), empty);
  }),

  check('end with a full page, without an empty one behind it', async (storage) => {
    await storeAll(storage, makeRecords(6));
    for (const limit of [1, 2, 3, 6]) {
      const pages = await pagesOf(storage, { limit });
      assert.equal(pages.length, 6 / limit);
      for (const page of pages) assert.equal(page.length, limit);
    }
  }),

  ...[1, 2, 3, 7, 19, 20, 21].map(pagesOfOneMillisecond),

  check(
    'split the records of one millisecond between two pages, with others on both sides',
    async (storage) => {
      const records = [1, 0, 0, 0, -1].map((offset) =>
        makeRecord({ date: new Date(NOON.getTime() + offset) }),
      );
      await storeAll(storage, records);
      const whole = ids(records.toSorted(newestFirst));
      for (const limit of [1, 2, 3, 4]) assert.deepEqual((await pagesOf(storage, { limit })).flat(), whole);
    },
  ),

  check('neither repeat nor hide a record while newer ones arrive', async (storage) => {
    const records = makeRecords(10, { date: NOON });
    await storeAll(storage, records);
    const read: string[] = [];
    await readPages(storage, { limit: 3 }, async ({ items }, pagesRead) => {
      read.push(...ids(items));
      const later = new Date(NOON.getTime() + pagesRead);
      await storeAll(storage, [makeRecord({ date: NOON }), makeRecord({ date: later })]);
    });
    assert.deepEqual(read, ids(records.toSorted(newestFirst)));
  }),

  check('neither repeat nor hide a record while newer ones are being written', async (storage) => {
    const records = makeRecords(60, { date: NOON });
    await storeAll(storage, records);
    const read: string[] = [];
    await beside((begin) =>
      readPages(storage, { limit: 7 }, ({ items }, pagesRead) => {
        read.push(...ids(items));
        // The next page is read while this is written.
        begin(storeAll(storage, makeRecords(40, { date: new Date(NOON.getTime() + pagesRead) })));
      }),
    );
    assert.deepEqual(read, ids(records.toSorted(newestFirst)));
  }),

  check('read what arrives behind the cursor, and read a page again as it was', async (storage) => {
    await storeAll(storage, makeRecords(4));
    const { nextCursor } = await storage.reader.getUsagePage({ limit: 2 });
    const before = await storage.reader.getUsagePage({ limit: 2, cursor: nextCursor });
    assert.deepEqual(await storage.reader.getUsagePage({ limit: 2, cursor: nextCursor }), before);
    const older = makeRecord({ date: new Date('2026-02-01T00:00:00Z') });
    await storeAll(storage, [older]);
    const { items } = await storage.reader.getUsagePage({ limit: 10, cursor: nextCursor });
    assert.deepEqual(items, [...before.items, older]);
  }),

  check('may change their size on the way', async (storage) => {
    await storeAll(storage, makeRecords(6));
    const first = await storage.reader.getUsagePage({ limit: 1 });
    const second = await storage.reader.getUsagePage({ limit: 3, cursor: first.nextCursor });
    const third = await storage.reader.getUsagePage({ cursor: second.nextCursor });
    assert.deepEqual(ids([...first.items, ...second.items, ...third.items]), await idsOf(storage));
  }),

  check('stay within the dates and the filters, with records on both edges', async (storage) => {
    const period = { startDate: NOON, endDate: new Date(NOON.getTime() + 3) };
    const records = [-1, 0, 0, 1, 1, 2, 2, 3, 3].flatMap((offset) => {
      const date = new Date(NOON.getTime() + offset);
      return [makeRecord({ date, status: 500 }), makeRecord({ date }), makeRecord({ date, username: null })];
    });
    await storeAll(storage, records);
    for (const filters of [{}, { status: 500 }, { username: null }, { status: 200, username: 'ada' }]) {
      const query = { ...period, ...filters };
      const whole = await idsOf(storage, query);
      for (const limit of [1, 2, 3, 5]) {
        assert.deepEqual((await pagesOf(storage, { ...query, limit })).flat(), whole);
      }
    }
  }),

  check('take emoji, quotes and operators in filters as nothing but text', async (storage) => {
    const records = HOSTILE_TEXTS.flatMap(([, text]) => makeRecords(2, { username: text, date: NOON }));
    await storeAll(storage, records);
    for (const [index] of HOSTILE_TEXTS.entries()) {
      const [first, second] = records.slice(2 * index) as [UsageRecord, UsageRecord];
      const pages = await pagesOf(storage, { username: first.username, limit: 1 });
      assert.deepEqual(pages, [[second.id], [first.id]]);
    }
  }),
];
