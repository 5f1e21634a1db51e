import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import { type ReadableUsageStorage } from '../../storage/usage-storage.js';
import { rejection } from './assertions.js';
import { makeRecords, newestFirst } from './records.js';
import { idsOf, impatience, insist, isLater, patience, storeAll } from './steps.js';
import { type ContractCheck, check } from './subject.js';

type Erasing = ReadableUsageStorage & Required<Pick<ReadableUsageStorage, 'erase'>>;

/** A check of a storage that can erase persons; any other passes. */
function checkErasing(title: string, body: (storage: Erasing) => Promise<void>): ContractCheck {
  return check(title, async (storage) => {
    if (storage.erase !== undefined) await body(storage as Erasing);
  });
}

function idsInOrder(records: readonly UsageRecord[]): string[] {
  return records.toSorted(newestFirst).map(({ id }) => id);
}

/** How persons are erased, by storages that can. */
export const ERASING: readonly ContractCheck[] = [
  checkErasing('deletes every record of a user, and no other', async (storage) => {
    const theirs = makeRecords(230, { username: 'ada' });
    const others = [...makeRecords(5, { username: 'Ada' }), ...makeRecords(5, { username: null })];
    await storeAll(storage, [...theirs, ...others]);
    const report = await insist(() => storage.erase({ username: 'ada' }, patience()), isLater);
    assert.deepEqual(report, { storage: storage.name, records: 230, summaries: 0, totalsUntil: null });
    assert.deepEqual(await idsOf(storage), idsInOrder(others));
  }),

  checkErasing('deletes every record of a visitor', async (storage) => {
    const [theirs, others] = [makeRecords(3, { visitor: 'v1' }), makeRecords(3, { visitor: 'v2' })];
    await storeAll(storage, [...theirs, ...others]);
    const { records } = await insist(() => storage.erase({ visitor: 'v1' }, patience()), isLater);
    assert.equal(records, 3);
    assert.deepEqual(await idsOf(storage), idsInOrder(others));
  }),

  checkErasing('finds nothing of somebody who was never there', async (storage) => {
    await storeAll(storage, makeRecords(2));
    const { records } = await insist(() => storage.erase({ username: 'nobody' }, patience()), isLater);
    assert.equal(records, 0);
    assert.equal(await storage.reader.countUsage(), 2);
  }),

  checkErasing('deletes nothing for somebody who has stopped waiting', async (storage) => {
    await storeAll(storage, makeRecords(2, { username: 'ada' }));
    await rejection(storage.erase({ username: 'ada' }, impatience()));
    assert.equal(await storage.reader.countUsage(), 2);
  }),
];
