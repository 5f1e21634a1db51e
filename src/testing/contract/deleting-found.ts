import assert from 'node:assert/strict';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { holds, holdsOnce, refusesAsClosed, rejection } from './assertions.js';
import { NOON, makeRecord, makeRecords, recordsAt } from './records.js';
import { impatience, insist, isLater, patience, storeAll } from './steps.js';
import { type ContractCheck, check } from './subject.js';

type Deleting = ReadableUsageStorage & Required<Pick<ReadableUsageStorage, 'deleteUsage'>>;

const NAMES = { serverName: 'clinic', controller: 'PatientController', action: 'search' };

/** Later than the date of any record here. */
const LATER = new Date('2027-01-01');

/** A check of a storage that can delete what a query finds; any other passes. */
function deletes(title: string, body: (storage: Deleting) => Promise<void>): ContractCheck {
  return check(title, async (storage) => {
    if (storage.deleteUsage !== undefined) await body(storage as Deleting);
  });
}

/** What `deleteUsage` does, where a storage has it. */
export const DELETING_FOUND: readonly ContractCheck[] = [
  deletes('deletes the records of an action before a date, and no other', async (storage) => {
    const old = { date: new Date(NOON.getTime() - 1) };
    const found = [makeRecord({ ...NAMES, ...old }), makeRecord({ ...NAMES, date: new Date('1999-12-31') })];
    const others = [
      makeRecord({ ...NAMES, date: NOON }),
      makeRecord({ ...NAMES, ...old, serverName: 'Clinic' }),
      makeRecord({ ...NAMES, ...old, controller: 'patientController' }),
      makeRecord({ ...NAMES, ...old, controller: null }),
      makeRecord({ ...NAMES, ...old, action: 'search ' }),
      makeRecord({ ...NAMES, ...old, action: null }),
    ];
    await storeAll(storage, [...found, ...others]);
    for (const deleted of [found.length, 0]) {
      assert.equal(await storage.deleteUsage({ ...NAMES, endDate: NOON }, 100, patience()), deleted);
      await holds(storage, others);
    }
    assert.equal(await storage.deleteUsage({ ...NAMES, controller: null }, 100, patience()), 1);
  }),

  deletes('deletes the newest first, no more than the limit, and says how many', async (storage) => {
    const [found, others] = [makeRecords(230, NAMES), makeRecords(20)];
    await storeAll(storage, [...found, ...others]);
    const query = { ...NAMES, endDate: LATER };
    for (const [limit, gone] of [
      [1, 1],
      [120, 121],
    ] as const) {
      assert.equal(await storage.deleteUsage(query, limit, patience()), limit);
      await holdsOnce(storage, [...found.slice(0, found.length - gone), ...others]);
    }
    assert.equal(await storage.deleteUsage(query, Infinity, patience()), 109);
    await holdsOnce(storage, others);
  }),

  deletes('deletes nothing for a query or up to a limit that is none', async (storage) => {
    const records = recordsAt([-1, -2]);
    await storeAll(storage, records);
    for (const [query, limit] of [
      [{ endDate: new Date(NaN) }, 10],
      [{ endDate: LATER, action: { $ne: 'search' } }, 10],
      [{ endDate: LATER, acton: 'search' }, 10],
      [{ endDate: LATER }, -1],
      [{ endDate: LATER }, NaN],
    ] as const)
      await rejection(storage.deleteUsage(query as never, limit, patience()));
    await rejection(storage.deleteUsage({ endDate: LATER }, 10, impatience()));
    await holds(storage, records);
  }),

  deletes('does not mind that several delete at once', async (storage) => {
    const [found, others] = [makeRecords(60, NAMES), makeRecords(10)];
    await storeAll(storage, [...found, ...others]);
    const deleteAll = (): Promise<number> => storage.deleteUsage({ ...NAMES }, 100, patience());
    await Promise.all([1, 2, 3].map(() => insist(deleteAll, isLater)));
    await holds(storage, others);
  }),

  deletes('refuses to after close, where there is something to close', async (storage) => {
    if (storage.close === undefined) return;
    await storage.close();
    await refusesAsClosed(storage, storage.deleteUsage({ ...NAMES }, 1, patience()));
  }),
];
