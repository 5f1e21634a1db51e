import type { IDatabaseDriver } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import { messageOf } from '../mikro-orm/message-of.js';

/** What a dialect makes of an error that it met while it wrote a batch. */
export interface WriteFailure {
  /** What went wrong. @default what the error says */
  readonly message?: string;
  /** Whether the batch will never be taken as it is. */
  readonly isRefusal: boolean;
  /** What a person has to do, as sentences; null if waiting may help. */
  readonly advice: string | null;
}

/** An error as MikroORM's own class for it, whichever part of MikroORM threw it. */
export function convert(driver: IDatabaseDriver, error: unknown): unknown {
  return error instanceof Error ? driver.convertException(error) : error;
}

/**
 * What an error means to the tracker: that a person has to act (`STORAGE_SETUP`), or that it may be well later
 * (`STORAGE_UNAVAILABLE`).
 *
 * @param what - what failed, such as "The table 'koa_usage' cannot be written"
 * @param advice - what the person has to do, as sentences; null if waiting may help
 */
export function tableError(
  error: unknown,
  what: string,
  advice: string | null,
  message = messageOf(error),
): TrackUsageError {
  if (error instanceof TrackUsageError) return error;
  return advice === null
    ? new TrackUsageError('STORAGE_UNAVAILABLE', `${what} now: ${message}.`, error)
    : new TrackUsageError('STORAGE_SETUP', `${what}: ${message}. ${advice}`, error);
}

/** What an error means to the tracker while it writes: {@link tableError}, or that the batch will never be taken as it is (`BATCH_REFUSED`). */
export function writeError(
  error: unknown,
  tableName: string,
  { message = messageOf(error), isRefusal, advice }: WriteFailure,
): TrackUsageError {
  return isRefusal && !(error instanceof TrackUsageError)
    ? new TrackUsageError('BATCH_REFUSED', `The table '${tableName}' refused a batch: ${message}.`, error)
    : tableError(error, `The table '${tableName}' cannot be written`, advice, message);
}

/** What an error means to the tracker while it deletes old records. */
export function deletionError(error: unknown, tableName: string, isSetup: boolean): TrackUsageError {
  const advice =
    'The option retention needs the right to delete: grant select and delete on the table, and make it by the ' +
    'migrations if it is missing.';
  return tableError(
    error,
    `Old records of the table '${tableName}' cannot be deleted`,
    isSetup ? advice : null,
  );
}

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
