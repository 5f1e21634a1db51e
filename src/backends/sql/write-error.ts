import { TrackUsageError } from '../../errors.js';

/** What a dialect makes of an error that it met while it wrote a batch. */
export interface WriteFailure {
  /** What went wrong. */
  readonly message: string;
  /** Whether the batch will never be taken as it is. */
  readonly isRefusal: boolean;
  /** What a person has to do, as sentences; null if waiting may help. */
  readonly advice: string | null;
}

/**
 * What an error means to the tracker while it writes: that the batch will never be taken as it is (`BATCH_REFUSED`), that
 * a person has to act (`STORAGE_SETUP`), or that it may be stored later (`STORAGE_UNAVAILABLE`).
 */
export function writeError(
  error: unknown,
  tableName: string,
  { message, isRefusal, advice }: WriteFailure,
): TrackUsageError {
  if (error instanceof TrackUsageError) return error;
  if (isRefusal) {
    return new TrackUsageError(
      'BATCH_REFUSED',
      `The table '${tableName}' refused a batch: ${message}.`,
      error,
    );
  }
  return advice === null
    ? new TrackUsageError(
        'STORAGE_UNAVAILABLE',
        `The table '${tableName}' cannot be written now: ${message}.`,
        error,
      )
    : new TrackUsageError(
        'STORAGE_SETUP',
        `The table '${tableName}' cannot be written: ${message}. ${advice}`,
        error,
      );
}
