import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import { makeRecord, makeRecords, newestFirst } from './records.js';
import { type ContractCheck, check, ids, idsOf, storeAll } from './subject.js';

const NOON = Date.parse('2026-03-01T12:00:00Z');
/** More than any check stores. */
const MAX_RECORDS = 20_000;
const HOSTILE = '👩‍👩‍👧‍👦 \'"`';

/** The records that a stream brings. */
async function drain(stream: AsyncIterable<UsageRecord>): Promise<UsageRecord[]> {
  const records: UsageRecord[] = [];
  for await (const record of stream) {
    assert(records.push(record) <= MAX_RECORDS, 'The stream does not come to an end.');
  }
  return records;
}

/** How records are gone through. */
export const STREAMING: readonly ContractCheck[] = [
  check('brings nothing, and ends, while nothing is stored', async (storage) => {
    assert.deepEqual(await drain(storage.reader.streamUsage()), []);
    assert.deepEqual(await storage.reader.streamUsage().next(), { done: true, value: undefined });
  }),

  check('brings thousands of records as the pages do', async (storage, { isSlow }) => {
    const half = isSlow === true ? 350 : 2500;
    const date = new Date(NOON + 500);
    await storeAll(storage, [...makeRecords(half), ...makeRecords(half, { date })]);
    const whole = await idsOf(storage, { limit: 10_000 });
    assert.equal(whole.length, 2 * half);
    assert.deepEqual(ids(await drain(storage.reader.streamUsage())), whole);
    assert.deepEqual(ids(await drain(storage.reader.streamUsage({ batchSize: half / 2 }))), whole);
  }),

  check('brings whole records, within the dates and the filters, whatever the batch', async (storage) => {
    const records = [-1, 0, 0, 0, 1, 1, 2].map((offset) =>
      makeRecord({ date: new Date(NOON + offset), username: HOSTILE }),
    );
    await storeAll(storage, [...records, ...makeRecords(3)]);
    const query = { startDate: new Date(NOON), endDate: new Date(NOON + 2), username: HOSTILE };
    const expected = records.slice(1, 6).toSorted(newestFirst);
    for (const batchSize of [1, 2, 5, 10_000]) {
      assert.deepEqual(await drain(storage.reader.streamUsage({ ...query, batchSize })), expected);
    }
  }),

  check('can be left with break, and the storage used on', async (storage) => {
    await storeAll(storage, makeRecords(6));
    const whole = await idsOf(storage);
    for (let round = 0; round < 3; round += 1) {
      const read: string[] = [];
      for await (const { id } of storage.reader.streamUsage({ batchSize: 2 })) {
        read.push(id);
        if (read.length === 3) break;
      }
      assert.deepEqual(read, whole.slice(0, 3));
    }
    await storeAll(storage, [makeRecord()]);
    assert.equal(await storage.reader.countUsage(), 7);
    assert.equal((await drain(storage.reader.streamUsage({ batchSize: 2 }))).length, 7);
  }),

  check('can be ended with return(), before and after the first record', async (storage) => {
    await storeAll(storage, makeRecords(3));
    for (const taken of [0, 1, 2]) {
      const stream = storage.reader.streamUsage({ batchSize: 1 });
      for (let index = 0; index < taken; index += 1) await stream.next();
      assert.deepEqual(await stream.return?.(), { done: true, value: undefined });
      assert.deepEqual(await stream.next(), { done: true, value: undefined });
    }
  }),

  check('lets others write, read and stream between two records', async (storage) => {
    const records = makeRecords(6);
    await storeAll(storage, records);
    const whole = await idsOf(storage);
    const [one, other] = [
      storage.reader.streamUsage({ batchSize: 2 }),
      storage.reader.streamUsage({ batchSize: 3 }),
    ];
    const read: (string | undefined)[][] = [];
    for (const _ of records) {
      const step = await Promise.all([one.next(), other.next()]);
      read.push(step.map(({ value }) => (value as UsageRecord | undefined)?.id));
      await storeAll(storage, [makeRecord({ date: new Date('2027-01-01T00:00:00Z') })]);
      await storage.reader.countUsage();
    }
    assert.deepEqual(
      read,
      whole.map((id) => [id, id]),
    );
    assert.equal((await one.next()).done, true);
    assert.equal((await other.next()).done, true);
  }),
];
