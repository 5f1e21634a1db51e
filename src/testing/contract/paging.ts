import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import { NOON, at, makeRecord, makeRecords, newestFirst, recordsAt } from './records.js';
import { TOO_MANY_PAGES, beside, ids, idsOf, pagesOf, readPages, storeAll } from './steps.js';
import { type ContractCheck, check } from './subject.js';

/** A check of pages by number of one size. */
function numberedPagesOf(limit: number): ContractCheck {
  return check(`has pages of ${limit} that add up to the whole without an overlap`, async (storage) => {
    await storeAll(storage, [...makeRecords(5, { date: NOON }), ...makeRecords(5)]);
    const whole = await idsOf(storage);
    const pages: string[][] = [];
    for (let page = 1; page <= Math.ceil(10 / limit); page += 1)
      pages.push(await idsOf(storage, { limit, page }));
    assert.deepEqual(pages.flat(), whole);
    for (const page of pages.slice(0, -1)) assert.equal(page.length, limit);
  });
}

/** In what order records are read, page after page by number. */
export const PAGING: readonly ContractCheck[] = [
  check('returns the newest first, whatever order they came in', async (storage) => {
    const oldestFirst = makeRecords(5);
    await storeAll(
      storage,
      [3, 0, 4, 1, 2].map((index) => oldestFirst[index] as UsageRecord),
    );
    assert.deepEqual(await idsOf(storage), ids(oldestFirst.toReversed()));
  }),

  check('orders records of the same millisecond by descending id', async (storage) => {
    const same = makeRecords(20, { date: NOON });
    const [older, newer] = [makeRecord({ date: at(-1) }), makeRecord({ date: at(1) })];
    await storeAll(storage, [...same.slice(10), older, ...same.slice(0, 10).toReversed(), newer]);
    const expected = [newer.id, ...ids(same).toSorted().toReversed(), older.id];
    assert.deepEqual(await idsOf(storage), expected);
  }),

  check('returns the 500 newest when nothing is asked for', async (storage) => {
    const records = makeRecords(501);
    await storeAll(storage, records);
    const expected = ids(records.slice(1).toReversed());
    assert.deepEqual(await idsOf(storage), expected);
    assert.deepEqual(await idsOf(storage, {}), expected);
    assert.deepEqual(await idsOf(storage, { limit: undefined, page: undefined, route: undefined }), expected);
    assert.deepEqual(await idsOf(storage, { page: 2 }), [records[0]?.id]);
  }),

  ...[1, 2, 3, 7, 10, 11].map(numberedPagesOf),

  check('has nothing on the pages behind the last', async (storage) => {
    await storeAll(storage, makeRecords(4));
    assert.deepEqual(await idsOf(storage, { limit: 2, page: 3 }), []);
    assert.deepEqual(await idsOf(storage, { limit: 10_000, page: 1_000_000_000 }), []);
  }),

  check('has nothing while nothing is stored', async (storage) => {
    assert.deepEqual(await storage.reader.getUsage(), []);
  }),

  check('hides no record from pages by number while newer ones are written', async (storage) => {
    const records = makeRecords(60, { date: NOON });
    await storeAll(storage, records);
    const seen = new Set<string>();
    await beside(async (begin) => {
      for (let page = 1; page < TOO_MANY_PAGES; page += 1) {
        begin(storeAll(storage, makeRecords(3, { date: at(page) })));
        const found = await storage.reader.getUsage({ limit: 10, page });
        assert.deepEqual(found.toSorted(newestFirst), found);
        for (const { id } of found) seen.add(id);
        if (found.length < 10) return;
      }
      assert.fail('The pages do not come to an end.');
    });
    const hidden = records.filter(({ id }) => !seen.has(id));
    assert.deepEqual(hidden, []);
  }),
];

/** A check of pages by cursor of one size within one millisecond. */
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
    const sizes = (await pagesOf(storage, {})).map(({ length }) => length);
    assert.deepEqual(sizes, [500, 1]);
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

  check('split the records of one millisecond between pages, others on both sides', async (storage) => {
    const records = recordsAt([1, 0, 0, 0, -1]);
    await storeAll(storage, records);
    const whole = ids(records.toSorted(newestFirst));
    for (const limit of [1, 2, 3, 4]) assert.deepEqual((await pagesOf(storage, { limit })).flat(), whole);
  }),

  check('neither repeat nor hide a record while newer ones arrive', async (storage) => {
    const records = makeRecords(10, { date: NOON });
    await storeAll(storage, records);
    const read: UsageRecord[] = [];
    for await (const page of readPages(storage, { limit: 3 })) {
      read.push(...page);
      await storeAll(storage, recordsAt([0, read.length]));
    }
    assert.deepEqual(read, records.toSorted(newestFirst));
  }),

  check('neither repeat nor hide a record while newer ones are being written', async (storage) => {
    const records = makeRecords(60, { date: NOON });
    await storeAll(storage, records);
    const read: UsageRecord[] = [];
    await beside(async (begin) => {
      for await (const page of readPages(storage, { limit: 7 })) {
        read.push(...page);
        // The next page is read while this is written.
        begin(storeAll(storage, makeRecords(40, { date: at(read.length) })));
      }
    });
    assert.deepEqual(read, records.toSorted(newestFirst));
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
];
