import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import { writeError } from '../mikro-orm/database-error.js';
import type { SqlDialect, SqlWriter } from './dialect.js';
import type { UsageTable } from './usage-table.js';

/** Inserts those records of a chunk that the table does not have. */
export type Insert = (chunk: readonly UsageRecord[], signal: AbortSignal) => Promise<void>;

/** The part of writing that each dialect does in its own way. */
interface Writing extends Pick<SqlDialect, 'conditionOf'> {
  /** Records that are inserted at once, at most. @default all of a batch */
  readonly chunkRecords?: number;

  readonly insert: Insert;

  /** The message for an error whose own words would mislead; undefined for every other error. @default none */
  readonly explain?: (error: unknown) => string | undefined;
}

/**
 * Makes the writer that takes a batch chunk by chunk, with a turn of the event loop between two. A batch of several chunks may
 * be stored in part; the next attempt completes it.
 */
export function createChunkWriter(orm: MikroORM, table: UsageTable, writing: Writing): SqlWriter {
  const { conditionOf, insert, explain } = writing;
  return {
    async write(batch, signal) {
      const { chunkRecords = batch.length } = writing;
      try {
        for (let start = 0; start < batch.length; start += chunkRecords) {
          if (start > 0) await nextTurn();
          await insert(batch.slice(start, start + chunkRecords), signal);
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
