import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import { NOON, makeRecord, makeRecords } from './records.js';
import { drain, ids, idsOf, storeAll } from './steps.js';
import { type ContractCheck, check } from './subject.js';

/** How records are streamed. */
export const STREAMING: readonly ContractCheck[] = [
  check('brings nothing, and ends, while nothing is stored', async (storage) => {
    assert.deepEqual(await drain(storage.reader.streamUsage()), []);
    assert.deepEqual(await storage.reader.streamUsage().next(), { done: true, value: undefined });
  }),

  check('brings thousands of records as the pages do', async (storage, { isSlow }) => {
    const half = isSlow === true ? 350 : 2500;
    await storeAll(storage, [...makeRecords(half), ...makeRecords(half, { date: NOON })]);
    const whole = await idsOf(storage, { limit: 10_000 });
    assert.equal(whole.length, 2 * half);
    assert.deepEqual(ids(await drain(storage.reader.streamUsage())), whole);
    assert.deepEqual(ids(await drain(storage.reader.streamUsage({ batchSize: half / 2 }))), whole);
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
    await storeAll(storage, makeRecords(6));
    const whole = await idsOf(storage);
    const streams = [2, 3].map((batchSize) => storage.reader.streamUsage({ batchSize }));
    for (const id of whole) {
      const step = await Promise.all(streams.map((stream) => stream.next()));
      const read = step.map(({ value }) => (value as UsageRecord | undefined)?.id);
      assert.deepEqual(read, [id, id]);
      await storeAll(storage, [makeRecord({ date: new Date('2027-01-01T00:00:00Z') })]);
      await storage.reader.countUsage();
    }
    for (const stream of streams) assert.equal((await stream.next()).done, true);
  }),
];
