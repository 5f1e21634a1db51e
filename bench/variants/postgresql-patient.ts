import type { Variant } from '../harness/variant.js';
import { start as startPostgresql } from './postgresql.js';

/** Tracked into PostgreSQL, where records wait until they are drained or fill a batch. */
export function start(): Promise<Variant> {
  return startPostgresql({ batch: { maxDelayMs: 60_000 } });
}
