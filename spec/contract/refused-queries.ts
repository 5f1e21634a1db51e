import { expect } from 'chai';
import { REFUSED_QUERIES } from '../support/refused-queries.js';
import { caught } from '../support/caught.js';
import { TrackUsageError } from '../../src/errors.js';
import type { UsageQuery } from '../../src/storage/usage-query.js';
import { makeRecord } from '../support/records.js';
import { type OpenSubject, idsOf, storeAll, withStorage } from './subject.js';

export function describeRefusedQueries(open: OpenSubject): void {
  describe('queries that cannot be meant', () => {
    it(
      'are refused by rejecting, with the option, its value and what was expected',
      withStorage(open, async (storage) => {
        await storeAll(storage, [makeRecord()]);
        for (const { query, message } of REFUSED_QUERIES) {
          // A call that threw instead of rejecting would pass by a caller's catch().
          const answer = storage.getUsage(query as UsageQuery);
          const error = await caught(answer);
          expect(error, message).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_QUERY' });
          expect(error.message).to.equal(message);
        }
      }),
    );

    it(
      'leave the storage as useful as before',
      withStorage(open, async (storage) => {
        const record = makeRecord();
        await storeAll(storage, [record]);
        await caught(storage.getUsage({ limit: 0 }));
        expect(await idsOf(storage, { limit: 1 })).to.deep.equal([record.id]);
        expect(await idsOf(storage, { limit: 10_000 })).to.deep.equal([record.id]);
      }),
    );
  });
}
