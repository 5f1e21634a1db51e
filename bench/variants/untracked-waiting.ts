import { setTimeout as pause } from 'node:timers/promises';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';

/** As long as `sqlite-locked` takes to wait for the lock and to write, in milliseconds. */
const WAIT_MS = 110;

/** Untracked, and idle for as long as another variant waits for a lock. */
export function start(): Promise<Variant> {
  return serve({ drain: () => pause(WAIT_MS) });
}
