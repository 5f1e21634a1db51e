import assert from 'node:assert/strict';
import type { TrackUsageErrorCode } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsageCountQuery } from '../../storage/usage-query.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { drain, ids, pagesOf } from './steps.js';

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const [outcome] = await Promise.allSettled([promise]);
  assert(outcome.status === 'rejected', 'It resolved, and should have rejected.');
  const error: unknown = outcome.reason;
  assert(error instanceof Error, `It rejected with ${String(error)}, which is not an Error.`);
  return error;
}

/** Asserts that a promise rejects with an error of ours of this code, and tells its message. */
export async function rejectsWith(promise: Promise<unknown>, code: TrackUsageErrorCode): Promise<string> {
  const error = await rejection(promise);
  const { name, code: itsCode, message } = error as Error & { code?: unknown };
  assert.deepEqual({ name, code: itsCode }, { name: 'TrackUsageError', code }, message);
  return message;
}

/** Asserts that a storage that was closed refuses a use of it, and names itself. */
export async function refusesAsClosed({ name }: ReadableUsageStorage, use: Promise<unknown>): Promise<void> {
  const message = await rejectsWith(use, 'STORAGE_CLOSED');
  assert(message.includes(`'${name}'`), `The error does not name the storage: ${message}`);
}

/** Asserts that just these records are read back, each as it was stored. */
export async function holds(storage: ReadableUsageStorage, records: readonly UsageRecord[]): Promise<void> {
  const found = new Map(
    (await storage.reader.getUsage({ limit: 10_000 })).map((record) => [record.id, record]),
  );
  for (const record of records) assert.deepEqual(found.get(record.id), record);
  assert.equal(found.size, records.length);
}

/** Asserts that just these records are there, each once, in any order and however they look. */
export async function holdsOnce(
  storage: ReadableUsageStorage,
  records: readonly Pick<UsageRecord, 'id'>[],
): Promise<void> {
  const found = await storage.reader.getUsage({ limit: 10_000 });
  assert.deepEqual(ids(found).toSorted(), ids(records).toSorted());
}

/** Asserts that a query finds just these records, in their order, by each way to read and to count. */
export async function finds(
  storage: ReadableUsageStorage,
  query: UsageCountQuery,
  records: readonly UsageRecord[],
): Promise<void> {
  const { reader } = storage;
  assert.deepEqual(await reader.getUsage(query), records);
  assert.equal(await reader.countUsage(query), records.length);
  for (const size of [1, 2, 3, 5, 10_000].slice(0, records.length || 1)) {
    assert.deepEqual((await pagesOf(storage, { ...query, limit: size })).flat(), ids(records));
    assert.deepEqual(await drain(reader.streamUsage({ ...query, batchSize: size })), records);
  }
}
