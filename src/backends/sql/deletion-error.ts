import { TrackUsageError } from '../../errors.js';
import { messageOf } from '../mikro-orm/message-of.js';

/** What an error means to the tracker while it deletes old records. */
export function deletionError(error: unknown, tableName: string, isSetup: boolean): TrackUsageError {
  if (error instanceof TrackUsageError) return error;
  const message = messageOf(error);
  return isSetup
    ? new TrackUsageError(
        'STORAGE_SETUP',
        `Old records of the table '${tableName}' cannot be deleted: ${message}. The option retention needs the right ` +
          'to delete: grant select and delete on the table, and make it by the migrations if it is missing.',
        error,
      )
    : new TrackUsageError(
        'STORAGE_UNAVAILABLE',
        `Old records of the table '${tableName}' cannot be deleted now: ${message}.`,
        error,
      );
}
