import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../errors.js';
import { type Insert, createChunkWriter } from '../chunk-writer.js';
import { leaseOf } from '../connection-lease.js';
import type { SqlWriter } from '../dialect.js';
import { encode } from '../errors.js';
import { kyselyRunner, needsKysely } from '../kysely.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf, explain } from './errors.js';
import { type NativeConnection, execute, nativePool, takeConnection } from './native-client.js';
import { InsertStatements } from './statements.js';

/** Bits of the protocol's status: a transaction is open; each statement commits by itself. */
const IN_TRANSACTION = 1;
const AUTOCOMMIT = 2;

/** Records a statement through Kysely, at most: its text is made on the event loop. */
const CHUNK_RECORDS = 64;

/** Makes the writer: through mysql2's pool, or through MikroORM's Kysely, with any client. */
export function createMySqlWriter(orm: MikroORM, table: UsageTable): SqlWriter {
  const statements = new InsertStatements(orm, table);
  const inserting = needsKysely(orm)
    ? { insert: insertLiterals(orm, table, statements), chunkRecords: CHUNK_RECORDS }
    : { insert: insertPrepared(orm, table, statements) };
  return createChunkWriter(orm, table, { conditionOf, explain, ...inserting });
}

function insertLiterals(orm: MikroORM, { name }: UsageTable, statements: InsertStatements): Insert {
  const run = kyselyRunner(orm);
  return async (chunk, signal) => {
    const text = encode(name, () => statements.textOf(chunk));
    await run(signal, text);
  };
}

/** By prepared statements of a few fixed sizes. Each statement is atomic by itself. */
function insertPrepared(orm: MikroORM, { name }: UsageTable, statements: InsertStatements): Insert {
  const lease = leaseOf(async () => takeConnection(await nativePool(orm)), giveBack);
  let maxPacketBytes = 0;
  return (batch, signal) =>
    lease(signal, async (connection) => {
      assertUnicode(connection);
      maxPacketBytes ||= await readMaxPacketBytes(connection);
      for (let start = 0; start < batch.length;) {
        signal.throwIfAborted();
        const { rows, text, parameters } = encode(name, () =>
          statements.prepare(batch, start, maxPacketBytes),
        );
        const { serverStatus } = await execute<{ serverStatus: number }>(connection, text, parameters);
        if ((serverStatus & IN_TRANSACTION) !== 0) await endTransaction(connection, serverStatus);
        start += rows;
      }
    });
}

function giveBack(connection: NativeConnection, error: unknown): void {
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
async function endTransaction(connection: NativeConnection, serverStatus: number): Promise<void> {
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
