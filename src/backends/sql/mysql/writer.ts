import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../errors.js';
import { type Insert, createChunkWriter, encodeEach } from '../chunk-writer.js';
import { leaseOf } from '../connection-lease.js';
import type { SqlWriter } from '../dialect.js';
import { kyselyRunner, needsKysely } from '../kysely.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf, explain } from './errors.js';
import { type NativeConnection, execute, nativePool, takeConnection } from './native-client.js';
import { InsertStatements, MAX_ROWS, rowOfLiterals } from './statements.js';

/** Bits of the protocol's status: a transaction is open; each statement commits by itself. */
const IN_TRANSACTION = 1;
const AUTOCOMMIT = 2;

/** Records a statement through Kysely, at most. */
const CHUNK_RECORDS = 64;

/** Makes the writer: through mysql2's pool, or through MikroORM's Kysely, with any client. */
export function createMySqlWriter(orm: MikroORM, table: UsageTable): SqlWriter {
  const statements = new InsertStatements(orm, table);
  const inserting = needsKysely(orm)
    ? { insert: insertLiterals(orm, table, statements), chunkRecords: CHUNK_RECORDS }
    : { insert: insertPrepared(orm, table, statements), chunkRecords: MAX_ROWS };
  return createChunkWriter(orm, table, { conditionOf, explain, ...inserting });
}

function insertLiterals(orm: MikroORM, { name }: UsageTable, statements: InsertStatements): Insert {
  const run = kyselyRunner(orm);
  return async (chunk, signal) => {
    const rows: string[] = [];
    await encodeEach(name, chunk, signal, (record) => rows.push(rowOfLiterals(record)) > 0);
    await run(signal, statements.textOf(rows));
    return rows.length;
  };
}

/** By prepared statements of a few fixed sizes. Each statement is atomic by itself. */
function insertPrepared(orm: MikroORM, { name }: UsageTable, statements: InsertStatements): Insert {
  const lease = leaseOf(async () => takeConnection(await nativePool(orm)), giveBack);
  let maxPacketBytes = 0;
  return (chunk, signal) =>
    lease(signal, async (connection) => {
      assertUnicode(connection);
      maxPacketBytes ||= await readMaxPacketBytes(connection);
      const { add, end } = statements.begin(chunk.length, maxPacketBytes);
      await encodeEach(name, chunk, signal, add);
      const { rows, text, parameters } = end();
      const { serverStatus } = await execute<{ serverStatus: number }>(connection, text, parameters);
      await endTransaction(connection, serverStatus);
      return rows;
    });
}

/** Gives a connection back to its pool, or destroys it. */
export function giveBack(connection: NativeConnection, error: unknown): void {
  const { fatal, name } = (error ?? {}) as { readonly fatal?: unknown; readonly name?: unknown };
  if (fatal !== true && name !== 'TimeoutError') {
    connection.release();
    return;
  }
  connection.destroy();
  // Otherwise mysql2 says goodbye, and waits for an answer that may never come, which keeps the process alive.
  connection.stream.destroy();
}

/** mysql2 would put question marks in the place of characters that the connection's character set lacks. */
function assertUnicode({ clientEncoding }: NativeConnection): void {
  if (/^utf-?8$/i.test(clientEncoding)) return;
  throw new TrackUsageError(
    'STORAGE_SETUP',
    `The application's MikroORM talks to its database in ${clientEncoding}, in which much text would be lost. ` +
      "Leave out driverOptions.charset, or make it 'utf8mb4'.",
  );
}

async function readMaxPacketBytes(connection: NativeConnection): Promise<number> {
  const [row] = await execute<{ bytes: number | string }[]>(
    connection,
    'select @@max_allowed_packet as bytes',
  );
  // An eighth may be filling, and the values are not all of a packet.
  return Number(row?.bytes) * 0.75;
}

/** Sessions without autocommit begin a transaction by themselves. A transaction that somebody has begun is not ours to end. */
export async function endTransaction(connection: NativeConnection, serverStatus: number): Promise<void> {
  if ((serverStatus & IN_TRANSACTION) === 0) return;
  if ((serverStatus & AUTOCOMMIT) === 0) {
    await execute(connection, 'commit');
    return;
  }
  throw new TrackUsageError(
    'STORAGE_UNAVAILABLE',
    'The application has given back a connection with an open transaction to its pool; records written there may be ' +
      'rolled back, and are written again.',
  );
}
