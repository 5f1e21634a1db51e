import { types } from 'node:util';
import { invalidQuery } from './usage-query.js';

/**
 * Checks what `deleteBefore` is asked to do, as it cannot be undone, and databases read a date that is none, or such a limit,
 * each in its own way: MongoDB's driver makes 1970 of it.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the argument, its value and what was expected
 */
export function checkDeletion(date: Date, limit: number): void {
  if (!types.isDate(date) || Number.isNaN(new Date(date).getTime()))
    throw invalidQuery('deleteBefore', 'date', date, 'a valid Date');
  if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 0))
    throw invalidQuery('deleteBefore', 'limit', limit, 'an integer that is not negative, or Infinity');
}
