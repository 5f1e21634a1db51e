import { TrackUsageError, type TrackUsageErrorCode } from '../errors.js';

/** Whether a storage refused a batch as a whole, and may take parts of it. */
export function isRefusedBatch(error: unknown): error is TrackUsageError {
  return hasCode(error, 'BATCH_REFUSED');
}

/** Whether a storage took too long for a batch, and may take fewer records in time. */
export function isTimeOut(error: unknown): boolean {
  return hasCode(error, 'STORAGE_TIMEOUT');
}

/** Whether a record was refused because it is of a day that retention has done with. */
export function isExpired(error: unknown): boolean {
  return hasCode(error, 'RECORD_EXPIRED');
}

/** Whether a storage has to be set up by a person before it can be used. */
export function needsSetup(error: unknown): boolean {
  return hasCode(error, 'STORAGE_SETUP');
}

/**
 * Whether a storage failed for a reason that goes away only when a person does something about it. An answer that
 * breaks the contract is such a reason. The storage may have stored the batch, and may leave two rows a record when it is asked
 * again, so that it is asked as seldom as can be.
 */
export function needsPerson(error: unknown): boolean {
  return needsSetup(error) || hasCode(error, 'STORAGE_CONTRACT');
}

/** The error of a storage that is waited for no longer, because its tracker is closed. */
export function closedTooSoon(storage: string): TrackUsageError {
  return new TrackUsageError(
    'STORAGE_CLOSED',
    `The tracker was closed before the storage '${storage}' answered.`,
  );
}

/**
 * The error of a storage that refuses every record that it is given: its set-up is broken.
 *
 * @param reason - why the storage refuses one of the records
 */
export function refusesAll(storage: string, count: number, reason: string, cause: unknown): TrackUsageError {
  return new TrackUsageError(
    'STORAGE_SETUP',
    `The storage '${storage}' refused ${count === 1 ? 'the one record' : `all ${count} records`} that it was given: ` +
      `${reason.replace(/\.?$/, '.')} Mend what refuses them, such as a table's constraint, trigger or column, or a ` +
      "stream's limit of a message's size; the records wait, and are dropped only if the storage takes others.",
    cause,
  );
}

function hasCode(error: unknown, code: TrackUsageErrorCode): boolean {
  try {
    return error instanceof TrackUsageError && error.code === code;
  } catch {
    // A proxy may throw when its prototype is asked for.
    return false;
  }
}
