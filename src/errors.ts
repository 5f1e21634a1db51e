/**
 * Everything that can go wrong in this library, as a closed union.
 *
 * - `INVALID_OPTION`: an option is unknown, of the wrong type or out of bounds.
 * - `INVALID_DECORATION`: decorators contradict each other or stand where they have no meaning.
 * - `INVALID_QUERY`: a filter, bound, date or cursor of a query, or of `deleteBefore`, cannot be used.
 * - `NO_STORAGE`: no storage was given and none is in the container.
 * - `STORAGE_CONNECT`: a storage could not open its connection.
 * - `STORAGE_SETUP`: a person has to change the database (missing table, wrong columns, missing right).
 * - `STORAGE_UNAVAILABLE`: the storage cannot be written or read now; the same batch may be accepted later.
 * - `STORAGE_TIMEOUT`: the storage took too long; the same records may be accepted later, or fewer at once.
 * - `BATCH_REFUSED`: the storage will never take this batch as a whole, but may take parts of it.
 * - `STORAGE_CLOSED`: the storage was used after `close()`, its own or that of the application's MikroORM.
 * - `STORAGE_CONTRACT`: a storage answered something that the contract does not allow.
 * - `RECORD_EXPIRED`: a record is of a day whose records retention has deleted.
 * - `GEO_SOURCE`: a source of locations cannot be opened, cannot be reached, or gives unusable answers.
 */
export type TrackUsageErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_DECORATION'
  | 'INVALID_QUERY'
  | 'NO_STORAGE'
  | 'STORAGE_CONNECT'
  | 'STORAGE_SETUP'
  | 'STORAGE_UNAVAILABLE'
  | 'STORAGE_TIMEOUT'
  | 'BATCH_REFUSED'
  | 'STORAGE_CLOSED'
  | 'STORAGE_CONTRACT'
  | 'RECORD_EXPIRED'
  | 'GEO_SOURCE';

/** Marks the errors of every installed copy of this package. */
const BRAND = Symbol.for('koa-track-usage.error');

/**
 * The one error class of this library. The message says what failed, with which value, and what to do; `code`
 * tells the kinds apart, and `cause` keeps what a driver threw. Errors of other installed copies of this
 * package are instances as well.
 */
export class TrackUsageError extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  override readonly name = 'TrackUsageError';

  /** Which kind of failure this is. */
  readonly code: TrackUsageErrorCode;

  /**
   * @param code - the kind of failure
   * @param message - what failed, the value, and what to do
   * @param cause - what was thrown below, if anything was
   */
  constructor(code: TrackUsageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** Whether a value is a `TrackUsageError`, of any installed copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // A class that extends this one knows its own instances.
    if (this !== TrackUsageError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
