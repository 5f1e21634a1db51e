/**
 * What a row is:
 *
 * - `slice`, `hour`, `day`: some keys of one dimension in one period, with their figures;
 * - `manifest`: which of these rows count;
 * - `writing`: a process may be storing or deleting records of a span of time;
 * - `touched`: a process has done so;
 * - `unsure`: a process has failed to store records of a span of time, and they may arrive all the same;
 * - `fold`: a process is making rows, which do not count yet;
 * - `build`: endpoints that a service declares;
 * - `watch`: how a service was watched on a day.
 *
 * The last two are the register of endpoints, which is kept whether or not there are summaries.
 */
export type SummaryRowKind =
  | 'slice'
  | 'hour'
  | 'day'
  | 'manifest'
  | 'writing'
  | 'touched'
  | 'unsure'
  | 'fold'
  | 'build'
  | 'watch';

/** A row of the summaries or of the register. All of its texts are ASCII without quotation marks and backslashes. */
export interface SummaryRow {
  /** The key: at most 64 characters. */
  readonly id: string;
  readonly kind: SummaryRowKind;
  /** The dimension of a period's row, the key of the service in the register, else `-`: at most 40 characters. */
  readonly dimension: string;
  /** The span of time that the row is about, in milliseconds since 1970, the end exclusive. */
  readonly startMs: number;
  readonly endMs: number;
  /** Who made the row: at most 36 characters. */
  readonly edition: string;
  /** The content. */
  readonly data: string;
}

/** Which rows are meant: those of which everything holds that is given. */
export interface SummaryRowQuery {
  readonly kinds?: readonly SummaryRowKind[];
  readonly dimension?: string;
  readonly edition?: string;
  readonly ids?: readonly string[];
  /** Rows whose span starts at this moment or later, in milliseconds since 1970. */
  readonly fromMs?: number;
  /** Rows whose span starts before this moment. */
  readonly beforeMs?: number;
}

/**
 * Where a storage keeps rows of summaries and of the register of endpoints, beside its records. Each call is a transaction of its own, which later calls of every
 * process see; they are answered by the server that is written to. All that makes summaries exact is built on these.
 */
export interface SummaryStore {
  /**
   * Whether rows can be kept. Asked before the first row is written.
   *
   * @param make - whether the place for them may be made
   * @throws {TrackUsageError} `STORAGE_SETUP` if it is there, and a person has to act before it can be used
   */
  prepare(make: boolean, signal: AbortSignal): Promise<boolean>;

  /** Finds rows, in no order; none where there is no place for them. */
  find(query: SummaryRowQuery, signal: AbortSignal): Promise<SummaryRow[]>;

  /**
   * Adds rows. A row whose id other processes may want as well comes alone.
   *
   * @returns false for a row that comes alone, and whose id is taken or was: then it was not added
   */
  insert(rows: readonly SummaryRow[], signal: AbortSignal): Promise<boolean>;

  /** Deletes rows; those that are gone already are no error. */
  delete(query: SummaryRowQuery, signal: AbortSignal): Promise<void>;
}
