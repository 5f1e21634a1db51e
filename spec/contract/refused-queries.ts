import { expect } from 'chai';
import type { UsagePageQuery } from '../../src/storage/usage-query.js';
import type { ReadableUsageStorage } from '../../src/storage/usage-storage.js';
import { caught } from '../support/caught.js';
import { TrackUsageError } from '../../src/errors.js';
import { makeRecord, makeRecords } from '../support/records.js';
import { CURSOR, QUERY_METHODS, type QueryMethod, refusedQueries } from '../support/refused-queries.js';
import { type OpenSubject, idsOf, storeAll, withStorage } from './subject.js';

/** Asks a method, and tells what came of it; one that throws instead of rejecting escapes. */
function ask(storage: ReadableUsageStorage, method: QueryMethod, query: unknown): Promise<unknown> {
  // A stream that waited for its first record would be refused when an answer has long begun.
  if (method === 'stream') return Promise.resolve().then(() => storage.stream(query as object));
  return storage[method](query as object);
}

async function expectRefusedCursor(storage: ReadableUsageStorage, query: UsagePageQuery): Promise<void> {
  const error = await caught(storage.getUsagePage(query));
  expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_QUERY' });
  expect(error.message)
    .to.match(/^getUsagePage: 'cursor' is '/)
    .and.include(`expected ${CURSOR}.`);
}

export function describeRefusedQueries(open: OpenSubject): void {
  describe('queries that cannot be meant', () => {
    for (const method of QUERY_METHODS) {
      const how = method === 'stream' ? 'throwing at once' : 'rejecting';
      it(
        `are refused by ${method}, by ${how}, with the option, its value and what was expected`,
        withStorage(open, async (storage) => {
          await storeAll(storage, [makeRecord()]);
          for (const { query, message } of refusedQueries(method)) {
            // A call that threw instead of rejecting would pass by a caller's catch().
            const answer = ask(storage, method, query);
            const error = await caught(answer);
            expect(error, message)
              .to.be.an.instanceOf(TrackUsageError)
              .and.include({ code: 'INVALID_QUERY' });
            expect(error.message).to.equal(message);
          }
        }),
      );
    }

    it(
      'include a cursor that was changed at any character, cut or added to',
      withStorage(open, async (storage) => {
        await storeAll(storage, makeRecords(3));
        const cursor = String((await storage.getUsagePage({ limit: 1 })).nextCursor);
        for (let index = 0; index < cursor.length; index += 1) {
          const [before, after] = [cursor.slice(0, index), cursor.slice(index + 1)];
          for (const character of ['A', 'Q', 'z', '_', '=', '💥']) {
            if (character === cursor[index]) continue;
            await expectRefusedCursor(storage, { limit: 1, cursor: before + character + after });
          }
          if (index > 0) await expectRefusedCursor(storage, { limit: 1, cursor: before });
          await expectRefusedCursor(storage, { limit: 1, cursor: before + after });
        }
        for (const added of ['A', '=', '\n', ' ', cursor]) {
          await expectRefusedCursor(storage, { limit: 1, cursor: cursor + added });
          await expectRefusedCursor(storage, { limit: 1, cursor: added + cursor });
        }
        expect((await storage.getUsagePage({ limit: 1, cursor })).items).to.have.lengthOf(1);
      }),
    );

    it(
      'include the cursor of another query, but not that of the same one written in another way',
      withStorage(open, async (storage) => {
        await storeAll(storage, makeRecords(3, { username: null }));
        const query = { startDate: '2026-03-01', endDate: '2027-01-01', username: null, status: 200 };
        const { nextCursor: cursor } = await storage.getUsagePage({ ...query, limit: 1 });
        const { startDate, endDate, username, status } = query;
        const others: UsagePageQuery[] = [
          {},
          { startDate, endDate, username },
          { startDate, endDate, status },
          { startDate, username, status },
          { endDate, username, status },
          { ...query, status: 201 },
          { ...query, status: null },
          { ...query, username: '' },
          { ...query, username: 'null' },
          { ...query, route: null },
          { ...query, startDate: '2026-02-28' },
          { ...query, startDate: '2026-03-01T00:00:00.001Z' },
          { ...query, endDate: '2027-01-01T00:00:00.001Z' },
          { ...query, startDate: endDate, endDate: startDate },
        ];
        for (const other of others) await expectRefusedCursor(storage, { ...other, cursor });
        const same = { status, username, endDate: new Date(endDate), startDate: '2026-03-01T01:00+01:00' };
        expect((await storage.getUsagePage({ ...same, route: undefined, cursor })).items).to.have.lengthOf(2);
      }),
    );

    it(
      'leave the storage as useful as before',
      withStorage(open, async (storage) => {
        const record = makeRecord();
        await storeAll(storage, [record]);
        await caught(storage.getUsage({ limit: 0 }));
        await caught(storage.getUsagePage({ cursor: 'forged' }));
        expect(await idsOf(storage, { limit: 1 })).to.deep.equal([record.id]);
        expect(await idsOf(storage, { limit: 10_000 })).to.deep.equal([record.id]);
      }),
    );
  });
}
