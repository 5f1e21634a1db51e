import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect } from 'chai';
import { ids, idsOf, pagesOf, storeAll } from '../../src/testing/contract/steps.js';
import { type OpenStorage, bind, check } from '../../src/testing/contract/subject.js';
import { anyRecord } from '../support/arbitrary-records.js';
import { canDelete } from '../../src/storage/usage-storage.js';
import { makeRecord, makeRecords, newestFirst } from '../support/records.js';

const { signal } = new AbortController();
const NOON = Date.parse('2026-03-01T12:00:00.500Z');

/** Whatever was sealed is read back as it was stored. */
const anyRecordIsKept = check(
  'equals what was stored, whatever record was sealed',
  async (storage, { isSlow }) => {
    const [runs, length] = isSlow === true ? [1, 5] : [2, 20];
    const batches = fc.array(anyRecord(), { minLength: 1, maxLength: 20 });
    // All that is there is read: once for many batches.
    const property = fc.asyncProperty(
      fc.array(batches, { minLength: length, maxLength: length }),
      async (many) => {
        for (const batch of many) await storeAll(storage, batch);
        const found = new Map(
          (await storage.reader.getUsage({ limit: 10_000 })).map((record) => [record.id, record]),
        );
        // Shows which field differs.
        for (const record of many.flat()) assert.deepEqual(found.get(record.id), record);
      },
    );
    await fc.assert(property, { numRuns: runs });
  },
);

/** Pages by cursor are the whole. */
const anyPagesAddUp = check(
  'add up to what getUsage finds, whatever dates collide and whatever the limit',
  async (storage, { isSlow }) => {
    let run = 0;
    const offsets = fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 25 });
    const property = fc.asyncProperty(offsets, fc.integer({ min: 1, max: 30 }), async (given, limit) => {
      run += 1;
      const route = `/run/${run}`;
      const records = given.map((offset) => makeRecord({ route, date: new Date(NOON + offset) }));
      if (records.length > 0) await storeAll(storage, records);
      const pages = await pagesOf(storage, { route, limit });
      expect(pages.flat()).to.deep.equal(ids(records.toSorted(newestFirst)));
      expect(pages.flat()).to.deep.equal(await idsOf(storage, { route, limit: 10_000 }));
      expect(pages).to.have.lengthOf(Math.max(1, Math.ceil(records.length / limit)));
    });
    await fc.assert(property, { numRuns: isSlow === true ? 5 : 20 });
  },
);

/** The limits are larger than a piece of any storage, and smaller than the number of records. */
const limitsHold = check(
  'deletes the oldest up to the limit, and no more, in however many pieces it does so',
  async (storage) => {
    if (!canDelete(storage)) return;
    const records = makeRecords(1500);
    await storeAll(storage, records);
    for (const limit of [701, 510]) {
      expect(await storage.deleteBefore(new Date('2027-01-01'), limit, signal)).to.equal(limit);
      records.splice(0, limit);
      const left = ids(records.toSorted(newestFirst));
      expect(await idsOf(storage, { limit: 10_000 })).to.deep.equal(left);
    }
  },
);

/** What holds for whatever values are found. */
export function describeProperties(open: OpenStorage): void {
  describe('whatever comes', () => {
    for (const property of [anyRecordIsKept, anyPagesAddUp, limitsHold])
      it(property.title, () => bind(property, open).run());
  });
}
