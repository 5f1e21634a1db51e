import type { Variant } from '../harness/variant.js';
import { start as startSqlite } from './sqlite.js';

/** As `sqlite`, behind a proxy that says who calls. */
export function start(): Promise<Variant> {
  return startSqlite({ trustProxy: 'loopback' });
}
