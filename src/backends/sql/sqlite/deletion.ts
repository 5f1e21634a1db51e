import { quote } from '../identifiers.js';
import type { NativeDatabase } from './native-client.js';

/** Deletes records before a date, the oldest first, and so many of them at most. */
export function deleteSql(tableName: string): string {
  const [table, id, date] = [quote(tableName), quote('id'), quote('date')];
  return `delete from ${table} where ${id} in (select ${id} from ${table} where ${date} < ? order by ${date}, ${id} limit ?)`;
}

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
