import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import {
  type DeletingUsageStorage,
  type ReadableUsageStorage,
  canDelete,
} from '../../storage/usage-storage.js';
import { holds, holdsOnce, refusesAsClosed, rejection } from './assertions.js';
import { NOON, makeRecord, makeRecords, newestFirst, recordsAt } from './records.js';
import { abortedAfter, impatience, isLater, patience, storeAll } from './steps.js';
import { type ContractCheck, type StorageSubject, check, checkWith } from './subject.js';

/** Later than the date of any record here. */
const LATER = new Date('2027-01-01');

/** A check of a storage that can delete; one that cannot passes without having been looked at. */
function deletes(
  title: string,
  body: (storage: ReadableUsageStorage & DeletingUsageStorage, subject: StorageSubject) => Promise<void>,
): ContractCheck {
  return check(title, async (storage, subject) => {
    if (canDelete(storage)) await body(storage, subject);
  });
}

/** Deletes as the tracker does, until no older record is left, and returns how many records. */
async function deleteAll(storage: DeletingUsageStorage, date: Date, limit: number): Promise<number> {
  for (let total = 0; ;) {
    const deleted = await storage.deleteBefore(date, limit, patience());
    total += deleted;
    if (deleted < limit) return total;
  }
}

/** What `deleteBefore` does, where a storage has it. */
export const DELETING: readonly ContractCheck[] = [
  deletes('deletes what is older than the date, to the millisecond, and nothing else', async (storage) => {
    const [kept, old] = [recordsAt([0, 1, 86_400_000]), recordsAt([-1, -2, -86_400_000])];
    await storeAll(storage, [...old, ...kept]);
    for (const deleted of [old.length, 0]) {
      assert.equal(await storage.deleteBefore(NOON, 100, patience()), deleted);
      await holds(storage, kept);
    }
  }),

  deletes('tells the time to the minute, where it has a clock of its own', async (storage) => {
    const now = await storage.now?.(patience());
    if (now !== undefined) assert(Math.abs(now.getTime() - Date.now()) < 60_000, String(now));
  }),

  deletes('deletes nothing where nothing is', async (storage) => {
    assert.equal(await storage.deleteBefore(NOON, 1, patience()), 0);
  }),

  deletes('deletes the oldest first, no more than the limit, and says how many', async (storage) => {
    const records = makeRecords(250);
    await storeAll(storage, records.toReversed());
    let gone = 0;
    for (const limit of [1, 100, 149]) {
      assert.equal(await storage.deleteBefore(LATER, limit, patience()), limit);
      gone += limit;
      await holdsOnce(storage, records.slice(gone));
    }
    assert.equal(await storage.deleteBefore(LATER, 100, patience()), 0);
  }),

  deletes('goes through equal dates by ascending id', async (storage) => {
    const records = recordsAt([-5, -5, -5, -5, -5, 0]).toSorted(newestFirst).toReversed();
    await storeAll(storage, records.toReversed());
    for (const gone of [2, 4, 5]) {
      assert.equal(await storage.deleteBefore(NOON, 2, patience()), gone === 5 ? 1 : 2);
      await holds(storage, records.slice(gone));
    }
  }),

  deletes('deletes nothing before a date that is none, nor up to a limit that is none', async (storage) => {
    const records = [...recordsAt([-1, -2]), makeRecord({ date: new Date('1969-12-31') })];
    await storeAll(storage, records);
    for (const [date, limit] of [
      [new Date(NaN), 10],
      [NOON, 0],
      [NOON, -1],
      [NOON, NaN],
    ] as const) {
      // A storage may refuse this, or find nothing to delete.
      await Promise.allSettled([storage.deleteBefore(date, limit, patience())]);
    }
    await holds(storage, records);
  }),

  deletes('takes any limit', async (storage, { isSlow }) => {
    const records = makeRecords(isSlow === true ? 120 : 1200);
    await storeAll(storage, records);
    const date = (records.at(-1) as UsageRecord).date;
    assert.equal(await storage.deleteBefore(date, 1_000_000, patience()), records.length - 1);
    await holdsOnce(storage, records.slice(-1));
  }),

  deletes('lets a record that was deleted be stored again', async (storage) => {
    const records = recordsAt([-1]);
    await storeAll(storage, records);
    await storage.deleteBefore(NOON, 10, patience());
    await storeAll(storage, records);
    await holds(storage, records);
  }),

  deletes('deletes nothing when the tracker has stopped waiting before it begins', async (storage) => {
    const records = recordsAt([-1, -2]);
    await storeAll(storage, records);
    await rejection(storage.deleteBefore(NOON, 10, impatience()));
    await holds(storage, records);
  }),

  deletes('is as useful as before when it was aborted in its midst', async (storage, { isSlow }) => {
    const kept = makeRecord({ date: LATER });
    await storeAll(storage, [...makeRecords(isSlow === true ? 100 : 600), kept]);
    for (const turns of [0, 1, 2, 3, 5, 8, 13, 21])
      await abortedAfter(turns, (signal) => storage.deleteBefore(LATER, 60, signal));
    await deleteAll(storage, LATER, 100);
    await holds(storage, [kept]);
  }),

  deletes('does not mind that others delete and store at once', async (storage, { isSlow }) => {
    const [old, fresh] = [makeRecords(isSlow === true ? 60 : 300), recordsAt([1, 2, 3, 4])];
    await storeAll(storage, old);
    const deletions = [50, 7].map((limit) => deleteAll(storage, NOON, limit));
    await Promise.all([...deletions, storeAll(storage, fresh)]);
    const left = old.filter(({ date }) => date >= NOON);
    await deleteAll(storage, NOON, 100);
    await holds(storage, [...left, ...fresh]);
  }),

  checkWith('openAnother', 'is done by two processes at once', async (storage, openAnother) => {
    const another: ReadableUsageStorage = await openAnother();
    if (!canDelete(storage) || !canDelete(another)) return;
    const records = makeRecords(90);
    await storeAll(storage, records);
    const { date } = records[80] as UsageRecord;
    const deletions = [storage, another, storage, another].map((one) => deleteAll(one, date, 20));
    for (const outcome of await Promise.allSettled(deletions)) {
      // On SQLite the other process may hold the lock, and the answer is «later».
      if (outcome.status === 'rejected') assert(isLater(outcome.reason), String(outcome.reason));
    }
    await deleteAll(storage, date, 20);
    await holds(another, records.slice(80));
  }),

  deletes('refuses to after close, where there is something to close', async (storage) => {
    if (storage.close === undefined) return;
    await storage.close();
    await refusesAsClosed(storage, storage.deleteBefore(NOON, 1, patience()));
  }),
];
