import { TrackUsageError } from '../errors.js';

/** Whether a storage refused a batch as a whole, of which it may take parts. */
export function isRefusedBatch(error: unknown): error is TrackUsageError {
  return error instanceof TrackUsageError && error.code === 'BATCH_REFUSED';
}

/** Whether a storage failed for a reason that goes away only when a person does something about it. */
export function needsPerson(error: unknown): boolean {
  return error instanceof TrackUsageError && error.code === 'STORAGE_SETUP';
}

/** What a storage is no longer waited for with, because its tracker is closed. */
export function closedTooSoon(storage: string): TrackUsageError {
  return new TrackUsageError(
    'STORAGE_CLOSED',
    `The tracker was closed before the storage '${storage}' answered.`,
  );
}
