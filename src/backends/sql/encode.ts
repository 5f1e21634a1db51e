import { TrackUsageError } from '../../errors.js';
import { messageOf } from '../mikro-orm/message-of.js';

/**
 * Makes of a batch what is sent to the database. If that fails it fails every time, as it asks nobody: a record holds what
 * no column takes. Told apart from the database's own errors, only that record is dropped, and the queue goes on.
 *
 * @throws {TrackUsageError} `BATCH_REFUSED` with what `make` threw
 */
export function encode<Encoded>(tableName: string, make: () => Encoded): Encoded {
  try {
    return make();
  } catch (error) {
    throw new TrackUsageError(
      'BATCH_REFUSED',
      `The table '${tableName}' cannot take a batch: ${messageOf(error)}.`,
      error,
    );
  }
}
