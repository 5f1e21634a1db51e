/** A process of its own that reads a file, and says how many records there are, or why not: `read-sqlite.js FILE [libsql]`. */
import { LibSqlDriver } from '@mikro-orm/libsql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { SqlStorage } from '../../../src/backends/sql/index.js';

const [, , dbName = '', client] = process.argv;
const driver = client === 'libsql' ? LibSqlDriver : SqliteDriver;
try {
  const storage = await SqlStorage.connect({ driver, dbName, readOnly: true });
  console.log(`${await storage.reader.countUsage()} records`);
  await storage.close();
} catch (error) {
  console.log((error as Error).message);
}
