import { expect } from 'chai';
import { makeRecord, makeRecords } from '../support/records.js';
import { type OpenSubject, idsOf, patience, storeAll, withStorage } from './subject.js';

export function describeWriting(open: OpenSubject): void {
  describe('writing', () => {
    it(
      'counts every record of a batch as stored',
      withStorage(open, async (storage) => {
        expect(await storage.store(makeRecords(3), patience())).to.deep.equal({ stored: 3, refused: [] });
      }),
    );

    it(
      'leaves one row a record when a batch is stored again, and counts it as stored',
      withStorage(open, async (storage) => {
        const batch = makeRecords(250);
        await storeAll(storage, batch);
        expect(await storage.store(batch, patience())).to.deep.equal({ stored: 250, refused: [] });
        expect(await idsOf(storage)).to.have.lengthOf(250);
      }),
    );

    it(
      'keeps what is there when a record comes again with the same id',
      withStorage(open, async (storage) => {
        const first = makeRecord({ username: 'ada' });
        await storeAll(storage, [first]);
        await storeAll(storage, [makeRecord({ id: first.id, username: 'eve' })]);
        expect(await storage.getUsage()).to.deep.equal([first]);
      }),
    );

    it(
      'adds the unknown half of a batch to the half that it knows',
      withStorage(open, async (storage) => {
        const batch = makeRecords(200);
        await storeAll(
          storage,
          batch.filter((_record, index) => index % 2 === 0),
        );
        expect(await storage.store(batch, patience())).to.deep.equal({ stored: 200, refused: [] });
        expect(new Set(await idsOf(storage))).to.deep.equal(new Set(batch.map(({ id }) => id)));
        expect(await idsOf(storage)).to.have.lengthOf(200);
      }),
    );

    it(
      'leaves one row where one batch holds a record twice',
      withStorage(open, async (storage) => {
        const [first, second] = [makeRecord(), makeRecord()];
        const result = await storage.store([first, second, first, first], patience());
        expect(result).to.deep.equal({ stored: 4, refused: [] });
        expect(await idsOf(storage))
          .to.have.members([first.id, second.id])
          .and.lengthOf(2);
      }),
    );

    it(
      'keeps all records of a batch as large as batches get, and reads them in one page',
      withStorage(open, async (storage, { isSlow }) => {
        const batch = makeRecords(isSlow === true ? 1000 : 10_000);
        await storeAll(storage, batch);
        const ids = await idsOf(storage, { limit: 10_000 });
        expect(ids).to.have.lengthOf(batch.length);
        expect(new Set(ids)).to.deep.equal(new Set(batch.map(({ id }) => id)));
      }),
    );

    it(
      'takes batches that overlap from two callers at once',
      withStorage(open, async (storage) => {
        const batch = makeRecords(600);
        await Promise.all([
          storeAll(storage, batch.slice(0, 400)),
          storeAll(storage, batch.slice(200)),
          storeAll(storage, batch),
        ]);
        expect(await idsOf(storage, { limit: 10_000 })).to.have.lengthOf(600);
      }),
    );

    it(
      'writes nothing when the tracker has stopped waiting before it begins',
      withStorage(open, async (storage) => {
        const reason = new Error('no longer waited for');
        const outcome = await storage
          .store(makeRecords(3), AbortSignal.abort(reason))
          .catch((e: unknown) => e);
        expect(outcome).to.be.an.instanceOf(Error);
        expect(await storage.getUsage()).to.deep.equal([]);
      }),
    );

    it(
      'does not change the batch that it is given',
      withStorage(open, async (storage) => {
        const batch = Object.freeze(makeRecords(5));
        const before = JSON.stringify(batch);
        await storeAll(storage, batch);
        expect(JSON.stringify(batch)).to.equal(before);
      }),
    );
  });
}
