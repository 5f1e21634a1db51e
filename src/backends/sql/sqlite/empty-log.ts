import type { NativeDatabase } from './native-client.js';

/**
 * Takes what stands in the write-ahead log into the file, and makes the log empty: until then, what was deleted can be read
 * there. It takes two or three writes to the disk.
 *
 * @returns false where somebody else reads or writes, or it failed: then it has to be tried again
 */
export function emptyLog(database: NativeDatabase): boolean {
  try {
    const [row] = database.prepare('pragma wal_checkpoint(truncate)').all();
    return Number((row as { busy?: unknown } | undefined)?.busy) === 0;
  } catch {
    return false;
  }
}
