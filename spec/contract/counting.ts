import { expect } from 'chai';
import type { UsageCountQuery } from '../../src/storage/usage-query.js';
import { HOSTILE_TEXTS } from '../support/hostile-values.js';
import { makeRecord, makeRecords } from '../support/records.js';
import { type OpenSubject, idsOf, storeAll, withStorage } from './subject.js';

export function describeCounting(open: OpenSubject): void {
  describe('count', () => {
    it(
      'is 0, a number, while nothing is stored',
      withStorage(open, async (storage) => {
        expect(await storage.count()).to.equal(0);
        expect(await storage.count({ startDate: '2026-01-01', username: null })).to.equal(0);
      }),
    );

    it(
      'counts all records, also more than a page holds, and none twice',
      withStorage(open, async (storage) => {
        const records = makeRecords(700);
        await storeAll(storage, records);
        await storeAll(storage, records.slice(0, 50));
        expect(await storage.count()).to.equal(700);
        expect(await storage.count({})).to.equal(700);
        expect(await storage.count({ endDate: undefined, status: undefined })).to.equal(700);
      }),
    );

    it(
      'is as many as getUsage finds, whatever the dates and filters',
      withStorage(open, async (storage) => {
        const noon = Date.parse('2026-03-01T12:00:00Z');
        await storeAll(storage, [
          ...[-1, 0, 0, 1, 2].map((offset) => makeRecord({ date: new Date(noon + offset) })),
          makeRecord({ date: new Date(noon), status: null, username: null, route: null }),
          makeRecord({ date: new Date(noon), status: 500, username: '', method: 'POST' }),
          ...HOSTILE_TEXTS.map(([, text]) => makeRecord({ username: text })),
        ]);
        const queries: UsageCountQuery[] = [
          { startDate: new Date(noon) },
          { endDate: new Date(noon) },
          { startDate: new Date(noon), endDate: new Date(noon + 2) },
          { startDate: new Date(noon), endDate: new Date(noon) },
          { startDate: '2026-03-01', endDate: '2026-03-02', status: 200 },
          { status: null },
          { username: null, route: null },
          { username: '' },
          { method: 'post' },
          { method: 'POST', status: 500 },
          ...HOSTILE_TEXTS.map(([, username]) => ({ username })),
        ];
        for (const query of queries) {
          expect(await storage.count(query), JSON.stringify(query)).to.equal(
            (await idsOf(storage, query)).length,
          );
        }
        expect(await storage.count({ startDate: new Date(noon), endDate: new Date(noon + 2) })).to.equal(5);
        expect(await storage.count({ username: null, route: null })).to.equal(1);
      }),
    );
  });
}
