import { type Condition, messageOf } from '../base/database-error.js';

/**
 * Codes (github.com/ClickHouse/ClickHouse, src/Common/ErrorCodes.cpp) of a broken set-up: a table, a column, a database or a
 * setting that is not there or is another one, a user who is not let in or lacks a right, a disk or a profile for reading only, a cluster
 * that is not there.
 */
const SETUP: ReadonlySet<unknown> = new Set([
  8, 10, 16, 20, 36, 44, 46, 47, 48, 53, 60, 62, 73, 80, 115, 181, 192, 193, 194, 291, 497, 516, 701,
]);

/** Codes of a user who is not let in. */
const NOT_LET_IN: ReadonlySet<unknown> = new Set([192, 193, 194, 516]);

/** Codes of a batch that took too long, or too much memory. */
const TOO_SLOW: ReadonlySet<unknown> = new Set([159, 160, 209, 241]);

/** Codes of a batch of which a record is not taken: a constraint, a view's `throwIf`, a value that is none. */
const REFUSED: ReadonlySet<unknown> = new Set([6, 26, 27, 38, 41, 69, 70, 117, 131, 321, 349, 395, 469]);

/** What the server writes of a failure behind rows that it has answered already. */
const EXCEPTION = /^(?:[\w: ]+\. )?Code: \d/;

const NO_TABLE = 60;
const NO_DATABASE = 81;
const NO_RIGHT = 497;
const UNSUPPORTED = 344;

const ADVICE =
  'Check the names of the database, of a cluster and of the table, that its columns are those of clickHouseTables(), that user and ' +
  'password are right, or the access token, and the rights of the user, which docs/storages.md lists.';

const DATABASE_ADVICE =
  'Make the database first (create database), or check its name: connect makes tables, and no database.';

const UNSUPPORTED_ADVICE =
  'A table with projections takes no lightweight DELETE by itself: alter table … modify setting ' +
  "lightweight_mutation_projection_mode = 'rebuild', or 'drop', or take the projections away.";

/** Codes of a user whose profile is for reading only, has bounds for settings, or limits what is read and answered. */
const PROFILE: ReadonlySet<unknown> = new Set([158, 164, 307, 396, 452]);

const PROFILE_ADVICE =
  "The user's profile is for reading only, fixes a setting that right answers need to be another one, or limits what may be read and " +
  "answered. A storage that writes needs readonly = 0; one that reads needs readonly = 2, or 1 and the server's default of that setting; " +
  'limits such as max_rows_to_read and max_result_rows have to be higher.';

/** The number that ClickHouse gives to an error; null for an error of another kind. */
function codeOf(error: unknown): number | null {
  const { code, type } = (error ?? {}) as { readonly code?: unknown; readonly type?: unknown };
  // Errors of sockets have a code too, which is no number.
  return typeof type === 'string' && /^\d+$/.test(String(code)) ? Number(code) : null;
}

/** The error that a text of the server tells of. */
export function exceptionOf(text: string): Error {
  const code = /\bCode: (\d+)/.exec(text)?.[1];
  return Object.assign(new Error(text), code !== undefined && { code, type: '' });
}

/**
 * Throws if a row tells of a failure: servers from 23.9 to 25.10, and those with `http_write_exception_in_output_format`, end an answer that
 * fails midway with such a row, as if the answer were whole.
 */
export function throwIfException(row: readonly unknown[]): void {
  const [text] = row;
  if (row.length === 1 && typeof text === 'string' && EXCEPTION.test(text)) throw exceptionOf(text);
}

/** The condition that an error of ClickHouse or its client tells of. */
export function conditionOf(error: unknown): Condition {
  const code = codeOf(error);
  if (PROFILE.has(code)) return { advice: PROFILE_ADVICE };
  if (code === NO_DATABASE) return { advice: DATABASE_ADVICE };
  if (code === UNSUPPORTED) return { advice: UNSUPPORTED_ADVICE };
  if (SETUP.has(code)) return { advice: ADVICE };
  if (TOO_SLOW.has(code) || (code === null && messageOf(error) === 'Timeout error')) return 'too-slow';
  return REFUSED.has(code) ? 'refused' : 'unavailable';
}

/** Whether an error says that a user is not let in. */
export function isNotLetIn(error: unknown): boolean {
  return NOT_LET_IN.has(codeOf(error));
}

/** Whether an error says that a table may not be read. */
export function isForbidden(error: unknown): boolean {
  return codeOf((error as Error | null)?.cause) === NO_RIGHT;
}

/** Whether an error, or its cause, says that there is no such table. */
export function isMissingTable(error: unknown): boolean {
  return [error, (error as Error | undefined)?.cause].some((one) => codeOf(one) === NO_TABLE);
}

/** The message of an error, without the statement, which the server quotes, and which names every column. */
export function shortMessageOf(error: unknown): string {
  return messageOf(error).replace(/\.? (?:in scope|while processing query:?) .*|\?$/is, '');
}

/**
 * Explains why a server could not be used, and says what to do. A caller puts its own name in front.
 *
 * @param target - the database and its host, without a password
 */
export function explainConnect(target: string, error: unknown): string {
  const message = shortMessageOf(error);
  if (isNotLetIn(error))
    return `the ClickHouse database ${target} does not let the user in: ${message}. Check username and password, or clientOptions.access_token.`;
  return (
    `the ClickHouse database ${target} cannot be reached: ${message}. Check that the server runs there, and that 'url' is that of ` +
    'its HTTP interface, usually on port 8123, or 8443 with TLS.'
  );
}
