import { expect } from 'chai';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { makeRecord, makeRecords } from '../support/records.js';
import { type OpenSubject, idsOf, storeAll, withStorage } from './subject.js';

const ids = (records: readonly UsageRecord[]): string[] => records.map(({ id }) => id);

export function describePaging(open: OpenSubject): void {
  describe('order and pages', () => {
    it(
      'returns the newest first, whatever order they came in',
      withStorage(open, async (storage) => {
        const oldestFirst = makeRecords(5);
        await storeAll(
          storage,
          [3, 0, 4, 1, 2].map((index) => oldestFirst[index] as UsageRecord),
        );
        expect(await idsOf(storage)).to.deep.equal(ids(oldestFirst.toReversed()));
      }),
    );

    it(
      'orders records of the same millisecond by descending id',
      withStorage(open, async (storage) => {
        const date = new Date('2026-03-01T12:00:00.500Z');
        const same = makeRecords(20, { date });
        const older = makeRecord({ date: new Date(date.getTime() - 1) });
        const newer = makeRecord({ date: new Date(date.getTime() + 1) });
        await storeAll(storage, [...same.slice(10), older, ...same.slice(0, 10).toReversed(), newer]);
        const expected = [newer.id, ...ids(same).toSorted().toReversed(), older.id];
        expect(await idsOf(storage)).to.deep.equal(expected);
      }),
    );

    it(
      'returns the 500 newest when nothing is asked for',
      withStorage(open, async (storage) => {
        const records = makeRecords(501);
        await storeAll(storage, records);
        const expected = ids(records.slice(1).toReversed());
        expect(await idsOf(storage)).to.deep.equal(expected);
        expect(await idsOf(storage, {})).to.deep.equal(expected);
        expect(await idsOf(storage, { limit: undefined, page: undefined, route: undefined })).to.deep.equal(
          expected,
        );
        expect(await idsOf(storage, { page: 2 })).to.deep.equal([records[0]?.id]);
      }),
    );

    for (const limit of [1, 2, 3, 7, 10, 11]) {
      it(
        `has pages of ${limit} that add up to the whole without an overlap`,
        withStorage(open, async (storage) => {
          const date = new Date('2026-03-01T12:00:00.500Z');
          const records = [...makeRecords(5, { date }), ...makeRecords(5)];
          await storeAll(storage, records);
          const whole = await idsOf(storage);
          const pages: string[][] = [];
          for (let page = 1; page <= Math.ceil(10 / limit); page += 1)
            pages.push(await idsOf(storage, { limit, page }));
          expect(pages.flat()).to.deep.equal(whole);
          for (const page of pages.slice(0, -1)) expect(page).to.have.lengthOf(limit);
        }),
      );
    }

    it(
      'has nothing on the pages behind the last',
      withStorage(open, async (storage) => {
        await storeAll(storage, makeRecords(4));
        expect(await idsOf(storage, { limit: 2, page: 3 })).to.deep.equal([]);
        expect(await idsOf(storage, { limit: 10_000, page: 1_000_000_000 })).to.deep.equal([]);
      }),
    );

    it(
      'has nothing while nothing is stored',
      withStorage(open, async (storage) => {
        expect(await storage.getUsage()).to.deep.equal([]);
      }),
    );
  });

  describe('startDate and endDate', () => {
    const before = makeRecord({ date: new Date('2026-03-01T11:59:59.999Z') });
    const first = makeRecord({ date: new Date('2026-03-01T12:00:00.000Z') });
    const last = makeRecord({ date: new Date('2026-03-01T12:59:59.999Z') });
    const after = makeRecord({ date: new Date('2026-03-01T13:00:00.000Z') });
    const startDate = first.date;
    const endDate = after.date;
    const bounds = (
      title: string,
      query: Parameters<typeof idsOf>[1],
      expected: readonly UsageRecord[],
    ): void => {
      it(
        title,
        withStorage(open, async (storage) => {
          await storeAll(storage, [after, first, before, last]);
          expect(await idsOf(storage, query)).to.deep.equal(ids(expected));
        }),
      );
    };

    bounds('include the start and exclude the end, to the millisecond', { startDate, endDate }, [
      last,
      first,
    ]);
    bounds('leave the end open', { startDate }, [after, last, first]);
    bounds('leave the start open', { endDate }, [last, first, before]);
    bounds('find nothing between equal dates', { startDate, endDate: startDate }, []);
    bounds('find nothing when the end is before the start', { startDate: endDate, endDate: startDate }, []);
    bounds('find one millisecond', { startDate, endDate: new Date(startDate.getTime() + 1) }, [first]);
    bounds(
      'may be ISO 8601 text',
      { startDate: '2026-03-01T12:00:00Z', endDate: '2026-03-01T13:00:00.000Z' },
      [last, first],
    );
    bounds(
      'may be text of another zone',
      { startDate: '2026-03-01T13:00:00+01:00', endDate: '2026-03-01T07:00-06:00' },
      [last, first],
    );
    bounds('may be days, which begin at midnight UTC', { startDate: '2026-03-01', endDate: '2026-03-02' }, [
      after,
      last,
      first,
      before,
    ]);
    bounds(
      'exclude the whole day that ends a period',
      { startDate: '2026-02-28', endDate: '2026-03-01' },
      [],
    );
    bounds('go together with pages', { startDate, limit: 1, page: 2 }, [last]);
    bounds('may be as far away as dates go', { startDate: new Date(-8.64e15), endDate: new Date(8.64e15) }, [
      after,
      last,
      first,
      before,
    ]);
  });
}
