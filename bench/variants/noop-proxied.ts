import type { Variant } from '../harness/variant.js';
import { start as startNoop } from './noop.js';

/** As `noop`, behind a proxy that says who calls. */
export function start(): Promise<Variant> {
  return startNoop({ trustProxy: 'loopback' });
}
