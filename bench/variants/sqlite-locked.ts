import { setTimeout as pause } from 'node:timers/promises';
import type { Variant } from '../harness/variant.js';
import { WriteLock } from '../harness/write-lock.js';
import { start as startSqlite } from './sqlite.js';

/** How long the lock is held, in milliseconds: a longer watch would show what else goes on on the machine. */
export const LOCKED_MS = 10;

/** As `sqlite-patient`, but somebody else has the file's lock when the batch is to be written. */
export function start(): Promise<Variant> {
  let lock: WriteLock | undefined;
  return startSqlite({ batch: { maxDelayMs: 60_000 } }, async (file, tracker) => {
    lock ??= new WriteLock(file);
    await lock.take();
    const { stored } = tracker.stats();
    const writing = tracker.flush();
    await pause(LOCKED_MS);
    if (tracker.stats().stored > stored) throw new Error('A batch was written although the file was locked.');
    await lock.giveBack();
    await writing;
  });
}
