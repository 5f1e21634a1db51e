import assert from 'node:assert/strict';
import { holdsOnce, rejection } from './assertions.js';
import { makeRecord, makeRecords } from './records.js';
import { idsOf, impatience, patience, storeAll } from './steps.js';
import { type ContractCheck, check } from './subject.js';

/** What storing a batch does. */
export const WRITING: readonly ContractCheck[] = [
  check('counts every record of a batch as stored', async (storage) => {
    assert.deepEqual(await storage.store(makeRecords(3), patience()), { stored: 3, refused: [] });
  }),

  check('keeps each record once when a batch is stored again, and counts it as stored', async (storage) => {
    const batch = makeRecords(250);
    await storeAll(storage, batch);
    assert.deepEqual(await storage.store(batch, patience()), { stored: 250, refused: [] });
    await holdsOnce(storage, batch);
  }),

  check('keeps what is there when a record comes again with the same id', async (storage) => {
    const first = makeRecord({ username: 'ada' });
    await storeAll(storage, [first]);
    await storeAll(storage, [makeRecord({ id: first.id, username: 'eve' })]);
    assert.deepEqual(await storage.reader.getUsage(), [first]);
  }),

  check('adds the unknown half of a batch to the half that it knows', async (storage) => {
    const batch = makeRecords(200);
    const known = batch.filter((_record, index) => index % 2 === 0);
    await storeAll(storage, known);
    assert.deepEqual(await storage.store(batch, patience()), { stored: 200, refused: [] });
    await holdsOnce(storage, batch);
  }),

  check('keeps a record once that one batch holds twice', async (storage) => {
    const [first, second] = [makeRecord(), makeRecord()];
    const result = await storage.store([first, second, first, first], patience());
    assert.deepEqual(result, { stored: 4, refused: [] });
    await holdsOnce(storage, [first, second]);
  }),

  check('keeps a batch as large as batches get, and reads it in one page', async (storage, { isSlow }) => {
    const batch = makeRecords(isSlow === true ? 1000 : 10_000);
    await storeAll(storage, batch);
    await holdsOnce(storage, batch);
  }),

  check('takes batches of every size', async (storage, { isSlow }) => {
    const small = [1, 2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65];
    const sizes = isSlow === true ? small : [...small, 99, 100, 101, 255, 256, 257, 499, 501, 1001];
    const batches = sizes.map((size) => makeRecords(size));
    for (const batch of batches) await storeAll(storage, batch);
    await holdsOnce(storage, batches.flat());
  }),

  check('takes batches that overlap from two callers at once', async (storage, { isSlow }) => {
    const third = isSlow === true ? 50 : 200;
    const batch = makeRecords(3 * third);
    await Promise.all([
      storeAll(storage, batch.slice(0, 2 * third)),
      storeAll(storage, batch.slice(third)),
      storeAll(storage, batch),
    ]);
    await holdsOnce(storage, batch);
  }),

  check('takes the same batch in two orders at once', async (storage, { isSlow }) => {
    const batch = makeRecords(isSlow === true ? 100 : 500);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([storeAll(storage, batch), storeAll(storage, batch.toReversed())]);
    }
    await holdsOnce(storage, batch);
  }),

  check('writes nothing when the tracker has stopped waiting before it begins', async (storage) => {
    await rejection(storage.store(makeRecords(3), impatience()));
    assert.deepEqual(await idsOf(storage), []);
  }),

  check('does not change the batch that it is given', async (storage) => {
    const batch = Object.freeze(makeRecords(5));
    const before = JSON.stringify(batch);
    await storeAll(storage, batch);
    assert.equal(JSON.stringify(batch), before);
  }),
];
