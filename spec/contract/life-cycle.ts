import { expect } from 'chai';
import { TrackUsageError } from '../../src/errors.js';
import { caught } from '../support/caught.js';
import { makeRecord, makeRecords } from '../support/records.js';
import { type OpenSubject, patience, storeAll, withStorage } from './subject.js';

export function describeLifeCycle(open: OpenSubject): void {
  describe('life cycle', () => {
    it(
      'has a name for logs',
      withStorage(open, async (storage) => {
        expect(storage.name).to.match(/^[a-z][a-z0-9-]*$/);
      }),
    );

    it(
      'refuses to write and to read after close, where there is something to close',
      withStorage(open, async (storage) => {
        if (storage.close === undefined) return;
        await storage.close();
        for (const use of [storage.store([makeRecord()], patience()), storage.getUsage()]) {
          const error = await caught(use);
          expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CLOSED' });
          expect(error.message).to.include(`'${storage.name}'`);
        }
      }),
    );

    it(
      'may be closed twice, and twice at once',
      withStorage(open, async (storage) => {
        await Promise.all([storage.close?.(), storage.close?.()]);
        await storage.close?.();
      }),
    );

    it(
      'keeps what was stored when it is opened again',
      withStorage(open, async (storage, { reopen }) => {
        if (reopen === undefined) return;
        const records = makeRecords(3);
        await storeAll(storage, records);
        const again = await reopen();
        expect(await again.getUsage()).to.deep.equal(records.toReversed());
        const more = makeRecord({ date: new Date('2027-01-01T00:00:00Z') });
        await storeAll(again, [more, ...records]);
        expect(await again.getUsage()).to.deep.equal([more, ...records.toReversed()]);
      }),
    );
  });
}
