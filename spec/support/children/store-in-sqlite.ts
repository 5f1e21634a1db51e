/** A process of its own that connects to a file and stores records: `store-in-sqlite.js FILE COUNT [libsql]`. */
import { setTimeout as pause } from 'node:timers/promises';
import { LibSqlDriver } from '@mikro-orm/libsql';
import { TrackUsageError } from '../../../src/errors.js';
import { makeRecords } from '../records.js';
import { connectSqlite } from '../sqlite.js';

const [, , file = '', count = '0', client] = process.argv;
const storage = await connectSqlite(file, undefined, client === 'libsql' ? LibSqlDriver : undefined);
const records = makeRecords(Number(count));
const { signal } = new AbortController();
for (let isStored = false; !isStored;) {
  try {
    await storage.store(records, signal);
    isStored = true;
  } catch (error) {
    if (!(error instanceof TrackUsageError) || error.code !== 'STORAGE_UNAVAILABLE') throw error;
    await pause(5);
  }
}
await storage.close();
