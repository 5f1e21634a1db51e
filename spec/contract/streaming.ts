import { expect } from 'chai';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { makeRecord, makeRecords, newestFirst } from '../support/records.js';
import { type OpenSubject, idsOf, storeAll, withStorage } from './subject.js';

/** The ids of the records that a stream brings. */
async function drain(stream: AsyncIterable<UsageRecord>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of stream) ids.push(id);
  return ids;
}

export function describeStreaming(open: OpenSubject): void {
  describe('stream', () => {
    it(
      'brings nothing, and ends, while nothing is stored',
      withStorage(open, async (storage) => {
        expect(await drain(storage.stream())).to.deep.equal([]);
        expect(await storage.stream().next()).to.deep.equal({ done: true, value: undefined });
      }),
    );

    it(
      'brings thousands of records as the pages do',
      withStorage(open, async (storage, { isSlow }) => {
        const half = isSlow === true ? 350 : 2500;
        const date = new Date('2026-03-01T12:00:00.500Z');
        await storeAll(storage, [...makeRecords(half), ...makeRecords(half, { date })]);
        const whole = await idsOf(storage, { limit: 10_000 });
        expect(whole).to.have.lengthOf(2 * half);
        expect(await drain(storage.stream())).to.deep.equal(whole);
        expect(await drain(storage.stream({ batchSize: half / 2 }))).to.deep.equal(whole);
      }),
    );

    it(
      'brings whole records, within the dates and the filters, whatever the batch',
      withStorage(open, async (storage) => {
        const noon = Date.parse('2026-03-01T12:00:00Z');
        const records = [-1, 0, 0, 0, 1, 1, 2].map((offset) =>
          makeRecord({ date: new Date(noon + offset), username: '👩‍👩‍👧‍👦 \'"`' }),
        );
        await storeAll(storage, [...records, ...makeRecords(3)]);
        const query = { startDate: new Date(noon), endDate: new Date(noon + 2), username: '👩‍👩‍👧‍👦 \'"`' };
        const expected = records.slice(1, 6).toSorted(newestFirst);
        for (const batchSize of [1, 2, 5, 10_000]) {
          const found: UsageRecord[] = [];
          for await (const record of storage.stream({ ...query, batchSize })) found.push(record);
          expect(found).to.deep.equal(expected);
        }
      }),
    );

    it(
      'can be left with break, and the storage used on',
      withStorage(open, async (storage) => {
        await storeAll(storage, makeRecords(6));
        const whole = await idsOf(storage);
        for (let round = 0; round < 3; round += 1) {
          const read: string[] = [];
          for await (const { id } of storage.stream({ batchSize: 2 })) {
            read.push(id);
            if (read.length === 3) break;
          }
          expect(read).to.deep.equal(whole.slice(0, 3));
        }
        await storeAll(storage, [makeRecord()]);
        expect(await storage.count()).to.equal(7);
        expect(await drain(storage.stream({ batchSize: 2 }))).to.have.lengthOf(7);
      }),
    );

    it(
      'can be ended with return(), before and after the first record',
      withStorage(open, async (storage) => {
        await storeAll(storage, makeRecords(3));
        for (const taken of [0, 1, 2]) {
          const stream = storage.stream({ batchSize: 1 });
          for (let index = 0; index < taken; index += 1) await stream.next();
          expect(await stream.return?.()).to.deep.equal({ done: true, value: undefined });
          expect(await stream.next()).to.deep.equal({ done: true, value: undefined });
        }
      }),
    );

    it(
      'lets others write, read and stream between two records',
      withStorage(open, async (storage) => {
        const records = makeRecords(6);
        await storeAll(storage, records);
        const whole = await idsOf(storage);
        const [one, other] = [storage.stream({ batchSize: 2 }), storage.stream({ batchSize: 3 })];
        const read: (string | undefined)[][] = [];
        for (const _ of records) {
          const step = await Promise.all([one.next(), other.next()]);
          read.push(step.map(({ value }) => (value as UsageRecord | undefined)?.id));
          await storeAll(storage, [makeRecord({ date: new Date('2027-01-01T00:00:00Z') })]);
          await storage.count();
        }
        expect(read).to.deep.equal(whole.map((id) => [id, id]));
        expect((await one.next()).done).to.equal(true);
        expect((await other.next()).done).to.equal(true);
      }),
    );
  });
}
