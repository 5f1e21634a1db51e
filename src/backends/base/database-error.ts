import { TrackUsageError } from '../../errors.js';

/**
 * The meaning of a database's error: the statement may succeed later (`'unavailable'`), or with fewer records, as it took too
 * long (`'too-slow'`); the database refuses a record for good (`'refused'`); or a person has to do first what `advice` says, in sentences.
 */
export type Condition = 'unavailable' | 'too-slow' | 'refused' | { readonly advice: string };

/**
 * The message of an error, without the full stop: a sentence is made of it. An `AggregateError` of a socket that failed on every address
 * of a host has none of its own: the message is then that of the first address, else the error's code or name.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message.replace(/[\s.]+$/, '');
  const [first]: unknown[] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  if (first instanceof Error) return messageOf(first);
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** Whether a condition needs a person. */
export function isSetup(condition: Condition): condition is { readonly advice: string } {
  return typeof condition === 'object';
}

/**
 * The error that the tracker gets for a database's error: `STORAGE_UNAVAILABLE`, `STORAGE_TIMEOUT`,
 * `BATCH_REFUSED` or `STORAGE_SETUP`.
 *
 * @param failed - the statement's failure as a clause, such as "The table 'koa_usage' cannot be written"
 */
export function databaseError(
  error: unknown,
  condition: Condition,
  failed: string,
  message = messageOf(error),
): TrackUsageError {
  if (error instanceof TrackUsageError) return error;
  if (isSetup(condition))
    return new TrackUsageError('STORAGE_SETUP', `${failed}: ${message}. ${condition.advice}`, error);
  if (condition === 'refused') return new TrackUsageError('BATCH_REFUSED', `${failed}: ${message}.`, error);
  const code = condition === 'too-slow' ? 'STORAGE_TIMEOUT' : 'STORAGE_UNAVAILABLE';
  return new TrackUsageError(code, `${failed} now: ${message}.`, error);
}

/** The error of a batch that could not be written into a target such as "table 'koa_usage'". */
export function writeError(
  error: unknown,
  condition: Condition,
  target: string,
  message?: string,
): TrackUsageError {
  const failed = condition === 'refused' ? 'refused a batch' : 'cannot be written';
  return databaseError(error, condition, `The ${target} ${failed}`, message);
}

/** The error of a target, such as "table 'koa_usage'", that could not be read. Nothing of what is read is refused for good. */
export function readError(
  error: unknown,
  condition: Condition,
  target: string,
  message?: string,
): TrackUsageError {
  const known = condition === 'refused' ? 'unavailable' : condition;
  return databaseError(error, known, `The ${target} cannot be read`, message);
}

/** The error of old records that could not be deleted from a target such as "table 'koa_usage'". */
export function deletionError(error: unknown, condition: Condition, target: string): TrackUsageError {
  const advice =
    'The option retention needs the right to delete: grant select and delete on the table, or the role readWrite on the ' +
    'database of MongoDB; a table that is missing is made by the migrations.';
  const known = isSetup(condition) ? { advice } : 'unavailable';
  return databaseError(error, known, `Old records of the ${target} cannot be deleted`);
}

/**
 * The error of records that are deleted, and stay.
 *
 * @param deleted - who deletes what, as a clause
 * @param id - that of a record that is still there
 */
export function undeletable(deleted: string, id: string | undefined): TrackUsageError {
  return new TrackUsageError(
    'STORAGE_SETUP',
    `${deleted}, and the database keeps them: the record '${id}' is still there. Look for a trigger, a rule or a policy of its table that ` +
      'has a deletion do nothing, and take it away, or let the user of the storage pass it.',
  );
}
