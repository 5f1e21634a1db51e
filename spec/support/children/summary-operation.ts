/**
 * A process that does something with summaries, and kills or stops itself before a call of its database:
 * `summary-operation.js FILE-OR-URL OPERATION START-MS CALL SIGNAL`.
 */
import { writeSync } from 'node:fs';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { connectClickHouse } from '../clickhouse.js';
import { connectSqlite } from '../sqlite.js';
import {
  OPERATIONS,
  type OperationName,
  type SummarizingStorage,
  watchCalls,
} from '../summary-operations.js';

const [, , database = '', operation, startMs, call, signal] = process.argv;

function open(): Promise<SummarizingStorage> {
  if (database.startsWith('clickhouse')) return connectClickHouse({ url: database });
  if (database.startsWith('postgres'))
    return SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: database });
  return connectSqlite(database);
}

const storage = await open();
let calls = 0;
watchCalls(storage, () => {
  calls += 1;
  if (calls !== Number(call)) return;
  writeSync(1, 'here\n');
  process.kill(process.pid, signal);
});
await OPERATIONS[operation as OperationName](storage, Number(startMs));
await storage.close();
