import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../record/usage-record.js';
import type { StoreResult } from '../../storage/usage-storage.js';
import { writeError } from '../mikro-orm/database-error.js';
import type { SqlDialect, SqlWriter } from './dialect.js';
import { convert } from './errors.js';
import type { UsageTable } from './usage-table.js';

/** Inserts those records of a chunk that the table does not have. */
export type Insert = (chunk: readonly UsageRecord[], signal: AbortSignal) => Promise<void>;

/** What a dialect does in its own way while it writes. */
interface Writing extends Pick<SqlDialect, 'conditionOf'> {
  /** Records that are inserted at once, at most. @default all of a batch */
  readonly chunkRecords?: number;

  readonly insert: Insert;

  /** What an error says, where its own words would mislead; undefined where they do not. @default its own words */
  explain?(error: unknown): string | undefined;
}

/** Writes a batch chunk by chunk, with a turn of the event loop between two. A batch of several chunks may be stored in part. */
export class ChunkWriter implements SqlWriter {
  readonly #orm: MikroORM;
  readonly #table: UsageTable;
  readonly #writing: Writing;

  constructor(orm: MikroORM, table: UsageTable, writing: Writing) {
    this.#orm = orm;
    this.#table = table;
    this.#writing = writing;
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const writing = this.#writing;
    const { chunkRecords = batch.length } = writing;
    try {
      for (let start = 0; start < batch.length; start += chunkRecords) {
        if (start > 0) await nextTurn();
        await writing.insert(batch.slice(start, start + chunkRecords), signal);
      }
    } catch (error) {
      const condition = writing.conditionOf(convert(this.#orm, error), this.#orm, this.#table);
      throw writeError(error, condition, `table '${this.#table.name}'`, writing.explain?.(error));
    }
    return { stored: batch.length, refused: [] };
  }
}
