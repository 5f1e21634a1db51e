import { expect } from 'chai';
import * as fc from 'fast-check';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { UsagePageQuery } from '../../src/storage/usage-query.js';
import type { ReadableUsageStorage } from '../../src/storage/usage-storage.js';
import { HOSTILE_TEXTS } from '../support/hostile-values.js';
import { makeRecord, makeRecords, newestFirst } from '../support/records.js';
import { type OpenSubject, idsOf, storeAll, withStorage } from './subject.js';

const ids = (records: readonly UsageRecord[]): string[] => records.map(({ id }) => id);
const NOON = new Date('2026-03-01T12:00:00.500Z');

/** All pages of a query, read to the end. */
async function pagesOf(storage: ReadableUsageStorage, query: UsagePageQuery): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const { items, nextCursor }: Awaited<ReturnType<typeof storage.getUsagePage>> =
      await storage.getUsagePage({
        ...query,
        cursor,
      });
    pages.push(ids(items));
    cursor = nextCursor;
  } while (cursor !== null);
  return pages;
}

export function describeCursorPaging(open: OpenSubject): void {
  describe('pages by cursor', () => {
    it(
      'begin with the newest, as whole records, and end with null',
      withStorage(open, async (storage) => {
        const records = makeRecords(3);
        await storeAll(storage, records);
        const first = await storage.getUsagePage({ limit: 2 });
        expect(first.items).to.deep.equal([records[2], records[1]]);
        expect(first.nextCursor)
          .to.be.a('string')
          .that.matches(/^[\w-]+$/);
        const last = await storage.getUsagePage({ limit: 2, cursor: first.nextCursor });
        expect(last).to.deep.equal({ items: [records[0]], nextCursor: null });
      }),
    );

    it(
      'have 500 records unless told otherwise',
      withStorage(open, async (storage) => {
        await storeAll(storage, makeRecords(501));
        expect((await storage.getUsagePage()).items).to.deep.equal(await storage.getUsage());
        expect((await pagesOf(storage, {})).map(({ length }) => length)).to.deep.equal([500, 1]);
      }),
    );

    it(
      'are one empty page where there is nothing',
      withStorage(open, async (storage) => {
        const empty = { items: [], nextCursor: null };
        expect(await storage.getUsagePage()).to.deep.equal(empty);
        await storeAll(storage, makeRecords(3));
        expect(await storage.getUsagePage({ route: '/no/such' })).to.deep.equal(empty);
        expect(await storage.getUsagePage({ startDate: '2027-01-01', cursor: null })).to.deep.equal(empty);
      }),
    );

    it(
      'end with a full page, without an empty one behind it',
      withStorage(open, async (storage) => {
        await storeAll(storage, makeRecords(6));
        for (const limit of [1, 2, 3, 6]) {
          const pages = await pagesOf(storage, { limit });
          expect(pages).to.have.lengthOf(6 / limit);
          for (const page of pages) expect(page).to.have.lengthOf(limit);
        }
      }),
    );

    for (const limit of [1, 2, 3, 7, 19, 20, 21]) {
      it(
        `add up to the whole with ${limit} records of one millisecond each`,
        withStorage(open, async (storage) => {
          const same = makeRecords(20, { date: NOON });
          await storeAll(storage, [...same.slice(10), ...same.slice(0, 10).toReversed()]);
          const pages = await pagesOf(storage, { limit });
          expect(pages.flat()).to.deep.equal(ids(same.toSorted(newestFirst)));
          for (const page of pages.slice(0, -1)) expect(page).to.have.lengthOf(limit);
        }),
      );
    }

    it(
      'split the records of one millisecond between two pages, with others on both sides',
      withStorage(open, async (storage) => {
        const dates = [1, 0, 0, 0, -1].map((offset) => new Date(NOON.getTime() + offset));
        const records = dates.map((date) => makeRecord({ date }));
        await storeAll(storage, records);
        const whole = ids(records.toSorted(newestFirst));
        for (const limit of [1, 2, 3, 4]) {
          expect((await pagesOf(storage, { limit })).flat()).to.deep.equal(whole);
        }
      }),
    );

    it(
      'neither repeat nor hide a record while newer ones arrive',
      withStorage(open, async (storage) => {
        const records = makeRecords(10, { date: NOON });
        await storeAll(storage, records);
        const read: string[] = [];
        let cursor: string | null = null;
        do {
          const page: Awaited<ReturnType<typeof storage.getUsagePage>> = await storage.getUsagePage({
            limit: 3,
            cursor,
          });
          read.push(...ids(page.items));
          cursor = page.nextCursor;
          const later = new Date(NOON.getTime() + read.length);
          await storeAll(storage, [makeRecord({ date: NOON }), makeRecord({ date: later })]);
        } while (cursor !== null);
        expect(read).to.deep.equal(ids(records.toSorted(newestFirst)));
      }),
    );

    it(
      'read what arrives behind the cursor, and read a page again as it was',
      withStorage(open, async (storage) => {
        const records = makeRecords(4);
        await storeAll(storage, records);
        const { nextCursor } = await storage.getUsagePage({ limit: 2 });
        const before = await storage.getUsagePage({ limit: 2, cursor: nextCursor });
        expect(await storage.getUsagePage({ limit: 2, cursor: nextCursor })).to.deep.equal(before);
        const older = makeRecord({ date: new Date('2026-02-01T00:00:00Z') });
        await storeAll(storage, [older]);
        const { items } = await storage.getUsagePage({ limit: 10, cursor: nextCursor });
        expect(items).to.deep.equal([...before.items, older]);
      }),
    );

    it(
      'may change their size on the way',
      withStorage(open, async (storage) => {
        await storeAll(storage, makeRecords(6));
        const first = await storage.getUsagePage({ limit: 1 });
        const second = await storage.getUsagePage({ limit: 3, cursor: first.nextCursor });
        const third = await storage.getUsagePage({ cursor: second.nextCursor });
        const all = [...first.items, ...second.items, ...third.items];
        expect(ids(all)).to.deep.equal(await idsOf(storage));
      }),
    );

    it(
      'stay within the dates and the filters, with records on both edges',
      withStorage(open, async (storage) => {
        const startDate = NOON;
        const endDate = new Date(NOON.getTime() + 3);
        const records = [-1, 0, 0, 1, 1, 2, 2, 3, 3].flatMap((offset) => {
          const date = new Date(NOON.getTime() + offset);
          return [
            makeRecord({ date, status: 500 }),
            makeRecord({ date }),
            makeRecord({ date, username: null }),
          ];
        });
        await storeAll(storage, records);
        for (const filters of [{}, { status: 500 }, { username: null }, { status: 200, username: 'ada' }]) {
          const query = { startDate, endDate, ...filters };
          const whole = await idsOf(storage, query);
          for (const limit of [1, 2, 3, 5]) {
            expect((await pagesOf(storage, { ...query, limit })).flat()).to.deep.equal(whole);
          }
        }
      }),
    );

    it(
      'take emoji, quotes and operators in filters as nothing but text',
      withStorage(open, async (storage) => {
        const records = HOSTILE_TEXTS.flatMap(([, text]) => makeRecords(2, { username: text, date: NOON }));
        await storeAll(storage, records);
        for (const [index] of HOSTILE_TEXTS.entries()) {
          const [first, second] = records.slice(2 * index) as [UsageRecord, UsageRecord];
          const pages = await pagesOf(storage, { username: first.username, limit: 1 });
          expect(pages).to.deep.equal([[second.id], [first.id]]);
        }
      }),
    );

    it(
      'add up to what getUsage finds, whatever dates collide and whatever the limit',
      withStorage(open, async (storage, { isSlow }) => {
        let run = 0;
        const offsets = fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 25 });
        const property = fc.asyncProperty(offsets, fc.integer({ min: 1, max: 30 }), async (given, limit) => {
          run += 1;
          const route = `/run/${run}`;
          const records = given.map((offset) =>
            makeRecord({ route, date: new Date(NOON.getTime() + offset) }),
          );
          if (records.length > 0) await storeAll(storage, records);
          const pages = await pagesOf(storage, { route, limit });
          expect(pages.flat()).to.deep.equal(ids(records.toSorted(newestFirst)));
          expect(pages.flat()).to.deep.equal(await idsOf(storage, { route, limit: 10_000 }));
          expect(pages).to.have.lengthOf(Math.max(1, Math.ceil(records.length / limit)));
        });
        await fc.assert(property, { numRuns: isSlow === true ? 5 : 20 });
      }),
    );
  });
}
