import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import { TurnBudget } from '../../time/turn-budget.js';
import { writeError } from '../base/database-error.js';
import type { SqlDialect, SqlWriter } from './dialect.js';
import type { UsageTable } from './usage-table.js';

/** Records between two looks at the clock while they are encoded. Strangers choose how large a record is. */
const LOOK_RECORDS = 4;

/**
 * Inserts those records of a chunk that the table does not have.
 *
 * @returns how many records of the chunk are done, from its first one on
 */
export type Insert = (chunk: readonly UsageRecord[], signal: AbortSignal) => Promise<number>;

/** A statement while records are added. */
export interface GrowingInsert<Statement> {
  /** Adds a record, and tells whether there is room for another. */
  readonly add: (record: UsageRecord) => boolean;
  /** Encodes what is left over; left out if nothing is. */
  readonly finish?: () => void;
  readonly end: () => Statement;
}

/** The part of writing that each dialect does in its own way. */
interface Writing extends Pick<SqlDialect, 'conditionOf'> {
  /** Records that are inserted at once, at most. */
  readonly chunkRecords: number;

  readonly insert: Insert;

  /** The message for an error whose own words would mislead; undefined for every other error. @default none */
  readonly explain?: (error: unknown) => string | undefined;
}

/**
 * Makes the writer that takes a batch chunk by chunk, with a turn of the event loop between two. A batch of several chunks may
 * be stored in part; the next attempt completes it.
 */
export function createChunkWriter(orm: MikroORM, table: UsageTable, writing: Writing): SqlWriter {
  const { chunkRecords, conditionOf, insert, explain } = writing;
  return {
    async write(batch, signal) {
      const budget = new TurnBudget(1);
      try {
        for (let start = 0; start < batch.length;) {
          if (start > 0) await budget.nextTurn(signal);
          start += await insert(batch.slice(start, start + chunkRecords), signal);
        }
      } catch (error) {
        // The error is as it was thrown: MikroORM's conversion would add the failing row to PostgreSQL's message.
        const condition = conditionOf(error, orm, table);
        throw writeError(error, condition, `table '${table.name}'`, explain?.(error));
      }
      return { stored: batch.length, refused: [] };
    },
  };
}

/**
 * Encodes records for the database, in as many turns of the event loop as that needs. A failure here comes every time, as
 * nothing outside is asked: a record holds a value that no column takes. As the failure is told apart from the database's
 * errors, that record alone is dropped, and the queue goes on.
 *
 * @param add - encodes a record, and tells whether there is room for another
 * @returns how many records were given to `add`
 * @throws {TrackUsageError} `BATCH_REFUSED`, with the error of `add` or `finish`; the signal's reason if it is aborted meanwhile
 */
export async function encodeEach(
  tableName: string,
  records: readonly UsageRecord[],
  signal: AbortSignal,
  add: (record: UsageRecord) => boolean,
  finish = (): void => {},
): Promise<number> {
  const budget = new TurnBudget(LOOK_RECORDS);
  let count = 0;
  try {
    for (const record of records) {
      count += 1;
      if (!add(record)) break;
      if (budget.isSpentAfterStep()) await budget.nextTurn(signal);
    }
    finish();
  } catch (error) {
    signal.throwIfAborted();
    throw writeError(error, 'refused', `table '${tableName}'`);
  }
  // The client takes a turn of its own to make packets of it all.
  await budget.nextTurn(signal);
  return count;
}
