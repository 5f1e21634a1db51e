/**
 * A process that does something with summaries, and kills or stops itself before a call of its database:
 * `summary-operation.js FILE-OR-URL OPERATION START-MS CALL SIGNAL`.
 */
import { writeSync } from 'node:fs';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { connectSqlite } from '../sqlite.js';
import { OPERATIONS, type OperationName, watchCalls } from '../summary-operations.js';

const [, , database = '', operation, startMs, call, signal] = process.argv;
const storage = database.startsWith('postgres')
  ? await SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: database })
  : await connectSqlite(database);
let calls = 0;
watchCalls(storage, () => {
  calls += 1;
  if (calls !== Number(call)) return;
  writeSync(1, 'here\n');
  process.kill(process.pid, signal);
});
await OPERATIONS[operation as OperationName](storage, Number(startMs));
await storage.close();
