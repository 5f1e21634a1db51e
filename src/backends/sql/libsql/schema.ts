import type { MikroORM } from '@mikro-orm/core';
import { createIfMissing, ensureTable as ensureLocalTable } from '../sqlite/schema.js';
import type { UsageTable } from '../usage-table.js';
import { isRemote } from './location.js';

/**
 * Makes the table and its index if they are missing, and checks the table if it is there, as for SQLite. How a server
 * keeps its files is not ours to say.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the table is there with other columns
 */
export function ensureTable(orm: MikroORM, table: UsageTable): Promise<void> {
  return isRemote(orm) ? createIfMissing(orm, table) : ensureLocalTable(orm, table);
}
