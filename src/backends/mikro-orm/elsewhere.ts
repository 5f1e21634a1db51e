import type { ColumnProperty } from '../../record/columns.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { UsageReader } from '../../storage/usage-reader.js';
import type { Sums } from '../../summary/sums.js';

/** How many records were summed up, and the last of them. */
export interface Summed {
  readonly count: number;
  readonly last: UsagePosition | null;
}

/** Sums up what statements find. */
export interface Summing {
  /** Records that one statement reads. */
  readonly pieceRecords: number;

  /**
   * Sums up the records of a statement.
   *
   * @param columns - what it reads of them
   * @param begin - is called when its turn has come
   */
  sum(
    sql: string,
    columns: readonly ColumnProperty[],
    sums: Sums,
    signal: AbortSignal,
    begin: () => void,
  ): Promise<Summed>;
}

/** Runs statements where they do not hold the event loop. */
export interface Elsewhere extends Summing {
  /** Makes ready; null where it cannot be had. */
  start(): Promise<object | null>;

  /** Runs a statement, and hands over its rows piece by piece, each in a turn of its own, by the names of their properties. */
  read(sql: string, take: (piece: object[]) => void): Promise<void>;

  /** Lets go of the database, when the statement under way has ended. */
  close(): Promise<void>;
}

/** What repositories read through, unless they are in a transaction. */
export const elsewheres = new WeakMap<Pick<UsageReader, 'streamUsage'>, Elsewhere>();

/** What repositories sum up by, unless they are in a transaction. */
export const summings = new WeakMap<Pick<UsageReader, 'streamUsage'>, Summing>();
