import assert from 'node:assert/strict';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { UsageRecord } from '../../record/usage-record.js';
import type { ReadableUsageStorage, RefusedRecord, StoreResult } from '../../storage/usage-storage.js';
import { holdsOnce } from './assertions.js';
import { makeRecord, makeRecords } from './records.js';
import { type ContractCheck, check, checkWith, ids, patience, storeAll } from './subject.js';

/** Attempts at a batch before a storage counts as unable to store it. */
const MAX_ATTEMPTS = 200;
const PAUSE_MS = 10;

/** Delivers a batch as the tracker does: halves what is refused as a whole, until the refused records are found. */
async function deliver(storage: ReadableUsageStorage, batch: readonly UsageRecord[]): Promise<StoreResult> {
  const [outcome] = await Promise.allSettled([storage.store(batch, patience())]);
  if (outcome.status === 'fulfilled') return outcome.value;
  const error = outcome.reason as Error & { code?: unknown };
  if (error.code !== 'BATCH_REFUSED') throw error;
  const [first, ...others] = batch;
  if (first !== undefined && others.length === 0) return { stored: 0, refused: [{ id: first.id, error }] };
  const half = Math.ceil(batch.length / 2);
  const one = await deliver(storage, batch.slice(0, half));
  const other = await deliver(storage, batch.slice(half));
  return { stored: one.stored + other.stored, refused: [...one.refused, ...other.refused] };
}

/** Stores a batch as the tracker does when a storage is away for a while: again and again. */
async function insist(storage: ReadableUsageStorage, batch: readonly UsageRecord[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await storeAll(storage, batch);
      return;
    } catch (error) {
      if (attempt === MAX_ATTEMPTS) throw error;
      await pause(PAUSE_MS);
    }
  }
}

function assertRefused(refused: readonly RefusedRecord[], poisoned: readonly string[]): void {
  assert.deepEqual(refused.map(({ id }) => id).toSorted(), poisoned.toSorted());
  for (const { error } of refused) {
    assert(error instanceof Error, 'A record was refused without an Error that says why.');
    assert.notEqual(error.message, '');
  }
}

/** A check that the records at these places of a batch of 500, and no others, are refused. */
function refuses(which: string, places: readonly number[]): ContractCheck {
  return checkWith(
    'poison',
    `refuses ${which} of a batch of 500, and keeps the others`,
    async (storage, poison) => {
      const batch = makeRecords(500);
      const poisoned = places.map((place) => (batch[place] as UsageRecord).id);
      await poison(poisoned);
      // The second time, the storage knows the others.
      for (let round = 0; round < 2; round += 1) {
        const { stored, refused } = await deliver(storage, batch);
        assert.equal(stored, 500 - places.length);
        assertRefused(refused, poisoned);
      }
      const more = makeRecord();
      await storeAll(storage, [more]);
      const kept = ids(batch).filter((id) => !poisoned.includes(id));
      await holdsOnce(storage, [...kept, more.id]);
    },
  );
}

/** What is left of a write that was aborted after some turns of the event loop. */
async function abortAfter(
  storage: ReadableUsageStorage,
  batch: readonly UsageRecord[],
  turns: number,
): Promise<void> {
  const controller = new AbortController();
  const write = Promise.allSettled([storage.store(batch, controller.signal)]);
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  controller.abort(new Error('no longer waited for'));
  const [outcome] = await write;
  if (outcome.status === 'fulfilled') assert.deepEqual(outcome.value, { stored: batch.length, refused: [] });
  else
    assert(
      outcome.reason instanceof Error,
      `It rejected with ${String(outcome.reason)}, which is not an Error.`,
    );
}

/** What a storage does when a write goes wrong. */
export const FAULTS: readonly ContractCheck[] = [
  refuses('one poisoned record in the middle', [250]),
  refuses('the first, the last, and two neighbours', [0, 99, 100, 499]),

  checkWith('poison', 'refuses a record that comes alone', async (storage, poison) => {
    const [bad, good] = [makeRecord(), makeRecord()];
    await poison([bad.id]);
    const { stored, refused } = await deliver(storage, [bad]);
    assert.equal(stored, 0);
    assertRefused(refused, [bad.id]);
    await storeAll(storage, [good]);
    await holdsOnce(storage, [good.id]);
  }),

  check(
    'that was aborted in mid-write is as useful as before, and the retry leaves one row a record',
    async (storage, { isSlow }) => {
      const size = isSlow === true ? 50 : 500;
      const batches: UsageRecord[][] = [];
      for (const turns of [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]) {
        const batch = makeRecords(size);
        batches.push(batch);
        await abortAfter(storage, batch, turns);
        const [other] = batch;
        await insist(storage, [other as UsageRecord]);
        assert.equal((await storage.reader.getUsage({ limit: 1 })).length, 1);
        await insist(storage, batch);
      }
      await holdsOnce(storage, ids(batches.flat()));
    },
  ),

  check('leaves other writes alone when one is aborted', async (storage) => {
    const [given, taken] = [makeRecords(300), makeRecords(300)];
    await Promise.all([storeAll(storage, given), abortAfter(storage, taken, 3), insist(storage, taken)]);
    await holdsOnce(storage, ids([...given, ...taken]));
  }),

  checkWith(
    'openAnother',
    'that another one shares its records with stores what both were given',
    async (storage, openAnother) => {
      const another = await openAnother();
      const batches = Array.from({ length: 6 }, () => makeRecords(150));
      const writes = batches.flatMap((batch, index) => {
        const overlap = batches[(index + 1) % batches.length] as UsageRecord[];
        return [insist(storage, batch), insist(another, [...overlap.slice(100), ...batch].toReversed())];
      });
      await Promise.all(writes);
      await holdsOnce(storage, ids(batches.flat()));
      await holdsOnce(another, ids(batches.flat()));
    },
  ),
];
