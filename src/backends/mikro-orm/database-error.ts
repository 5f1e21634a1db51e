import { TrackUsageError } from '../../errors.js';

/**
 * What an error of a database means: that the statement may succeed later; that a record is refused, and would be again; or
 * what a person has to do first, in sentences.
 */
export type Condition = 'unavailable' | 'refused' | { readonly advice: string };

/**
 * What went wrong, as the error says it. A socket that fails on every address of a host says nothing itself: then it is
 * what the first of them says, else the error's code or name.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  const [first]: unknown[] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  if (first instanceof Error) return first.message;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** Whether a person has to act. */
export function isSetup(condition: Condition): condition is { readonly advice: string } {
  return typeof condition === 'object';
}

/**
 * What an error means to the tracker: `STORAGE_UNAVAILABLE`, `BATCH_REFUSED` or `STORAGE_SETUP`, in one set of words.
 *
 * @param failed - what could not be done, such as "The table 'koa_usage' cannot be written"
 */
export function databaseError(
  error: unknown,
  condition: Condition,
  failed: string,
  message = messageOf(error),
): TrackUsageError {
  if (error instanceof TrackUsageError) return error;
  if (condition === 'unavailable')
    return new TrackUsageError('STORAGE_UNAVAILABLE', `${failed} now: ${message}.`, error);
  return isSetup(condition)
    ? new TrackUsageError('STORAGE_SETUP', `${failed}: ${message}. ${condition.advice}`, error)
    : new TrackUsageError('BATCH_REFUSED', `${failed}: ${message}.`, error);
}

/**
 * What an error means while a batch is written.
 *
 * @param target - where it is written to, such as "table 'koa_usage'"
 */
export function writeError(
  error: unknown,
  condition: Condition,
  target: string,
  message?: string,
): TrackUsageError {
  const failed = condition === 'refused' ? 'refused a batch' : 'cannot be written';
  return databaseError(error, condition, `The ${target} ${failed}`, message);
}

/** What an error means while old records are deleted from a target such as "table 'koa_usage'". */
export function deletionError(error: unknown, condition: Condition, target: string): TrackUsageError {
  const advice =
    'The option retention needs the right to delete: grant select and delete on the table, or the role readWrite on the ' +
    'database of MongoDB; a table that is missing is made by the migrations.';
  const known = isSetup(condition) ? { advice } : 'unavailable';
  return databaseError(error, known, `Old records of the ${target} cannot be deleted`);
}
