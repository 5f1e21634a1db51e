import type { Variant } from '../harness/variant.js';
import { start as startSqlite } from './sqlite.js';

/** Tracked into SQLite, where records wait until they are drained or fill a batch. */
export function start(): Promise<Variant> {
  return startSqlite({ batch: { maxDelayMs: 60_000 } });
}
