import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import type { TrackUsageErrorCode } from '../../errors.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const [outcome] = await Promise.allSettled([promise]);
  assert(outcome.status === 'rejected', 'It resolved, and should have rejected.');
  const error: unknown = outcome.reason;
  assert(error instanceof Error, `It rejected with ${String(error)}, which is not an Error.`);
  return error;
}

/** Asserts that a promise rejects with an error of ours of this code. */
export async function rejectsWith(
  promise: Promise<unknown>,
  code: TrackUsageErrorCode,
): Promise<{ readonly message: string }> {
  const error = await rejection(promise);
  const { name, code: itsCode, message } = error as Error & { code?: unknown };
  assert.deepEqual({ name, code: itsCode }, { name: 'TrackUsageError', code }, message);
  return { message };
}

/** Asserts that just these records are read back, each as it was stored. */
export async function holds(storage: ReadableUsageStorage, records: readonly UsageRecord[]): Promise<void> {
  const found = new Map(
    (await storage.reader.getUsage({ limit: 10_000 })).map((record) => [record.id, record]),
  );
  for (const record of records) assert.deepEqual(found.get(record.id), record);
  assert.equal(found.size, records.length);
}

/** Asserts that just the records with these ids are there, each once, in any order. */
export async function holdsOnce(storage: ReadableUsageStorage, ids: readonly string[]): Promise<void> {
  const found = (await storage.reader.getUsage({ limit: 10_000 })).map(({ id }) => id);
  assert.deepEqual(found.toSorted(), ids.toSorted());
}
