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
        const uses = [
          () => storage.store([makeRecord()], patience()),
          () => storage.getUsage(),
          () => storage.getUsagePage(),
          () => storage.count(),
          async () => storage.stream(),
        ];
        for (const use of uses) {
          const error = await caught(use());
          expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CLOSED' });
          expect(error.message).to.include(`'${storage.name}'`);
        }
      }),
    );

    it(
      'lets a stream that is under way fail with its next read, where there is something to close',
      withStorage(open, async (storage) => {
        if (storage.close === undefined) return;
        await storeAll(storage, makeRecords(3));
        const stream = storage.stream({ batchSize: 2 });
        await stream.next();
        await storage.close();
        expect((await stream.next()).done).to.equal(false);
        const error = await caught(stream.next());
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CLOSED' });
        expect((await stream.next()).done).to.equal(true);
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
