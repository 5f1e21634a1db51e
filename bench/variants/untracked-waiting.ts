import { setTimeout as pause } from 'node:timers/promises';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { LOCKED_MS } from './sqlite-locked.js';

/** As long as `sqlite-locked` takes to write when it may, in milliseconds. */
const WRITING_MS = 5;

/** Untracked, and idle for as long as another variant waits for a lock and writes. */
export function start(): Promise<Variant> {
  return serve({ drain: () => pause(LOCKED_MS + WRITING_MS) });
}
