import { TrackUsageError } from '../../errors.js';

/**
 * What is thrown where a storage, or anything that it has handed out, is used after `close()`.
 *
 * @param storage - the storage's name
 */
export function storageClosed(storage: string): TrackUsageError {
  return new TrackUsageError('STORAGE_CLOSED', `The storage '${storage}' was used after close().`);
}
