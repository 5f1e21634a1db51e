import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';

/** The application by itself. */
export function start(): Promise<Variant> {
  return serve({});
}
