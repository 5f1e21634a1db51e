import type { TrackUsageError } from '../../../errors.js';
import { writeError } from '../errors.js';

/** Result codes (sqlite.org/rescode.html) after which the same record fails again, and only that record. */
const REFUSED = ['SQLITE_CONSTRAINT', 'SQLITE_TOOBIG', 'SQLITE_MISMATCH', 'SQLITE_RANGE'];

/** Result codes that only a person can do something about: no such table or column, no right, no database. */
const SETUP = [
  'SQLITE_ERROR',
  'SQLITE_READONLY',
  'SQLITE_PERM',
  'SQLITE_AUTH',
  'SQLITE_NOTADB',
  'SQLITE_CORRUPT',
  'SQLITE_SCHEMA',
];

/** Whether an error says that this one record will never be taken. */
export function isRefusal(error: unknown): boolean {
  // better-sqlite3 refuses what it cannot bind with a TypeError or RangeError, before SQLite sees it.
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return hasCode(error, REFUSED);
}

/** What a person has to do about an error; null if waiting may help. */
export function adviceFor(error: unknown): string | null {
  return isSetup(error)
    ? 'If the table or a column is missing, run the migrations of the MikroORM that has the entity Usage.'
    : null;
}

/** Whether an error asks for a person. */
export function isSetup(error: unknown): boolean {
  return hasCode(error, SETUP);
}

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return hasCode(error, ['SQLITE_BUSY', 'SQLITE_LOCKED']);
}

/**
 * What an error of SQLite means to the tracker: that a person has to act (`STORAGE_SETUP`), or that the batch may
 * be stored later (`STORAGE_UNAVAILABLE`).
 */
export function storageError(error: unknown, tableName: string): TrackUsageError {
  return writeError(error, tableName, {
    // A constraint declared ON CONFLICT ROLLBACK takes the whole transaction with it.
    isRefusal: hasCode(error, REFUSED),
    advice: adviceFor(error),
  });
}

/** Extended codes, such as `SQLITE_BUSY_SNAPSHOT`, begin with their primary one. */
function hasCode(error: unknown, primaries: readonly string[]): boolean {
  const code: unknown = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return (
    typeof code === 'string' &&
    primaries.some((primary) => code === primary || code.startsWith(`${primary}_`))
  );
}
