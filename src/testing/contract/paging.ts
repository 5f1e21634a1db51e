import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import { makeRecord, makeRecords, newestFirst } from './records.js';
import { type ContractCheck, beside, check, ids, idsOf, storeAll } from './subject.js';

/** Pages that no check has. */
const TOO_MANY_PAGES = 200;
const NOON = new Date('2026-03-01T12:00:00.500Z');

/** A check of pages of one size. */
function pagesOf(limit: number): ContractCheck {
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
    const older = makeRecord({ date: new Date(NOON.getTime() - 1) });
    const newer = makeRecord({ date: new Date(NOON.getTime() + 1) });
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

  ...[1, 2, 3, 7, 10, 11].map(pagesOf),

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
    const read: UsageRecord[] = [];
    await beside(async (begin) => {
      for (let page = 1; page < TOO_MANY_PAGES; page += 1) {
        begin(storeAll(storage, makeRecords(3, { date: new Date(NOON.getTime() + page) })));
        const found = await storage.reader.getUsage({ limit: 10, page });
        assert.deepEqual(found.toSorted(newestFirst), found);
        read.push(...found);
        if (found.length < 10) return;
      }
      assert.fail('The pages do not come to an end.');
    });
    const seen = new Set(ids(read));
    assert.deepEqual(
      ids(records).filter((id) => !seen.has(id)),
      [],
    );
  }),
];
