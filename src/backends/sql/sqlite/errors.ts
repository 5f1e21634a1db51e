import type { Condition } from '../../base/database-error.js';
import { ADVICE, type Conditions, judge } from '../errors.js';

/** Advice where the file cannot be opened. */
export const FILE_ADVICE =
  'Check that its folder exists, that this process may write there, and that the file is an SQLite database. With ' +
  'readOnly, it need not write there where an application has the file open, or its journal_mode is delete.';

/** Result codes (sqlite.org/rescode.html); extended ones, such as `SQLITE_BUSY_SNAPSHOT`, begin with their primary one. */
const CONDITIONS: Conditions = [
  [/^SQLITE_CONSTRAINT_NOTNULL$/, ADVICE.demand],
  [/^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)(_|$)/, 'refused'],
  [/^SQLITE_(ERROR|SCHEMA)(_|$)/, ADVICE.table],
  [/^SQLITE_(READONLY|PERM|AUTH|NOTADB|CORRUPT)(_|$)/, { advice: FILE_ADVICE }],
];

/** The condition that an error of SQLite tells of. */
export function conditionOf(error: unknown): Condition {
  return judge(codeOf(error), CONDITIONS);
}

/** Whether an error says that this one record will never be taken. */
export function isRefusal(error: unknown): boolean {
  // better-sqlite3 refuses values that it cannot bind with a TypeError or RangeError, before SQLite sees it.
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return conditionOf(error) === 'refused';
}

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)(_|$)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}
