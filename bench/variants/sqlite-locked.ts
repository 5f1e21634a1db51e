import type { Variant } from '../harness/variant.js';
import { WriteLock } from '../harness/write-lock.js';
import { start as startSqlite } from './sqlite.js';

/** As `sqlite-patient`, but somebody else has the file's lock while a batch waits, and until it is tried again. */
export function start(): Promise<Variant> {
  let lock: WriteLock | undefined;
  return startSqlite({ batch: { maxDelayMs: 60_000 } }, async (file, tracker) => {
    lock ??= new WriteLock(file);
    await lock.take();
    await tracker.flush();
    const { accepted, stored } = tracker.stats();
    if (stored === accepted) throw new Error('A batch was written although the file was locked.');
    await lock.giveBack();
    while (tracker.stats().stored < accepted) await tracker.flush();
  });
}
