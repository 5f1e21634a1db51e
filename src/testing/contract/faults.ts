import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import type { ReadableUsageStorage, RefusedRecord, StoreResult } from '../../storage/usage-storage.js';
import { holdsOnce } from './assertions.js';
import { makeRecord, makeRecords } from './records.js';
import { abortedAfter, ids, insist, patience, storeAll } from './steps.js';
import { type ContractCheck, check, checkWith } from './subject.js';

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

/** Stores a batch, however often it takes. */
function store(storage: ReadableUsageStorage, batch: readonly UsageRecord[]): Promise<void> {
  return insist(() => storeAll(storage, batch));
}

function assertRefused(refused: readonly RefusedRecord[], poisoned: readonly string[]): void {
  assert.deepEqual(refused.map(({ id }) => id).toSorted(), poisoned.toSorted());
  for (const { error } of refused) {
    assert(error instanceof Error, 'A record was refused without an Error that says why.');
    assert.notEqual(error.message, '');
  }
}

/** Asserts that nothing tells of records that may arrive later, so that all of them can be summed up. */
async function isSettled({ summaries }: ReadableUsageStorage): Promise<void> {
  await summaries?.settle();
  const marks = await summaries?.store.find({ kinds: ['writing', 'unsure'] }, patience());
  assert.deepEqual(marks ?? [], []);
}

/** A check that the records at these places of a batch of 500, and no others, are refused. */
function refuses(which: string, places: readonly number[]): ContractCheck {
  const title = `refuses ${which} of a batch of 500, and keeps the others`;
  return checkWith('poison', title, async (storage, poison) => {
    const batch = makeRecords(500);
    const poisoned = ids(places.map((place) => batch[place] as UsageRecord));
    await poison(poisoned);
    // The second time, the storage knows the others.
    for (let round = 0; round < 2; round += 1) {
      const { stored, refused } = await deliver(storage, batch);
      assert.equal(stored, 500 - places.length);
      assertRefused(refused, poisoned);
    }
    const more = makeRecord();
    await storeAll(storage, [more]);
    await holdsOnce(storage, [...batch.filter(({ id }) => !poisoned.includes(id)), more]);
    await isSettled(storage);
  });
}

/** Aborts a write after some turns of the event loop: it has to store all, or to reject. */
async function abortWrite(
  storage: ReadableUsageStorage,
  batch: readonly UsageRecord[],
  turns: number,
): Promise<void> {
  const outcome = await abortedAfter(turns, (signal) => storage.store(batch, signal));
  if (outcome.status === 'fulfilled') assert.deepEqual(outcome.value, { stored: batch.length, refused: [] });
  else assert(outcome.reason instanceof Error, `It rejected with ${String(outcome.reason)}, no Error.`);
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
    await holdsOnce(storage, [good]);
  }),

  check('that was aborted in mid-write keeps each record of the retry once', async (storage, { isSlow }) => {
    const batches: UsageRecord[][] = [];
    for (const turns of [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]) {
      const batch = makeRecords(isSlow === true ? 50 : 500);
      batches.push(batch);
      await abortWrite(storage, batch, turns);
      await store(storage, batch.slice(0, 1));
      assert.equal((await storage.reader.getUsage({ limit: 1 })).length, 1);
      await store(storage, batch);
    }
    await holdsOnce(storage, batches.flat());
  }),

  check('leaves other writes alone when one is aborted', async (storage) => {
    const [given, taken] = [makeRecords(300), makeRecords(300)];
    await Promise.all([storeAll(storage, given), abortWrite(storage, taken, 3), store(storage, taken)]);
    await holdsOnce(storage, [...given, ...taken]);
  }),

  checkWith('openAnother', 'stores what it and another one were given', async (storage, openAnother) => {
    const another = await openAnother();
    const batches = Array.from({ length: 6 }, () => makeRecords(150));
    const writes = batches.flatMap((batch, index) => {
      const overlap = batches[(index + 1) % batches.length] as UsageRecord[];
      return [store(storage, batch), store(another, [...overlap.slice(100), ...batch].toReversed())];
    });
    await Promise.all(writes);
    await holdsOnce(storage, batches.flat());
    await holdsOnce(another, batches.flat());
  }),
];
