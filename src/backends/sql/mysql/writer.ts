import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../errors.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import { ChunkWriter } from '../chunk-writer.js';
import { ConnectionLease } from '../connection-lease.js';
import type { SqlWriter } from '../dialect.js';
import { encode } from '../errors.js';
import { kyselyRunner, needsKysely } from '../kysely.js';
import type { UsageTable } from '../usage-table.js';
import { conditionOf, explain } from './errors.js';
import {
  type NativeConnection,
  type NativeResult,
  execute,
  nativePool,
  takeConnection,
} from './native-client.js';
import { InsertStatements, type Parameter, parametersOf } from './statements.js';

/** Bits of the protocol's status. */
const IN_TRANSACTION = 1;
const AUTOCOMMIT = 2;

/** What a value takes in a packet beside its text, in bytes, and what one UTF-16 code unit takes at most. */
const VALUE_BYTES = 12;
const UNIT_BYTES = 3;

/** Records a statement through Kysely, at most: its text is made on the event loop. */
const CHUNK_RECORDS = 64;

/** Makes what writes through mysql2's pool, or through MikroORM's Kysely, whatever client is behind that. */
export function createMySqlWriter(orm: MikroORM, table: UsageTable): SqlWriter {
  const statements = new InsertStatements(orm, table);
  if (!needsKysely(orm)) {
    const prepared = new PreparedInserts(table, statements);
    const lease = new ConnectionLease(async () => takeConnection(await nativePool(orm)), giveBack);
    return new ChunkWriter(orm, table, {
      conditionOf,
      explain,
      insert: (batch, signal) =>
        lease.use(signal, (connection) => prepared.insert(connection, batch, signal)),
    });
  }
  const run = kyselyRunner(orm);
  return new ChunkWriter(orm, table, {
    conditionOf,
    explain,
    chunkRecords: CHUNK_RECORDS,
    insert: async (chunk, signal) =>
      run(
        signal,
        encode(table.name, () => statements.textOf(chunk)),
      ),
  });
}

/** Inserts by prepared statements of a few fixed sizes. Each statement is atomic by itself. */
class PreparedInserts {
  readonly #table: UsageTable;
  readonly #statements: InsertStatements;
  /** Bytes of one packet that the server takes; 0 until it was asked. */
  #maxPacketBytes = 0;

  constructor(table: UsageTable, statements: InsertStatements) {
    this.#table = table;
    this.#statements = statements;
  }

  async insert(
    connection: NativeConnection,
    batch: readonly UsageRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    assertUnicode(connection);
    this.#maxPacketBytes ||= await readMaxPacketBytes(connection);
    for (let start = 0; start < batch.length;) {
      signal.throwIfAborted();
      const { rows, parameters } = encode(this.#table.name, () => this.#takeRows(batch, start));
      const { serverStatus } = await execute<NativeResult>(
        connection,
        this.#statement(rows, parameters),
        parameters,
      );
      if ((serverStatus & IN_TRANSACTION) !== 0) await endTransaction(connection, serverStatus);
      start += rows;
    }
  }

  /** The next rows: as many as a statement and a packet hold. */
  #takeRows(batch: readonly UsageRecord[], start: number): { rows: number; parameters: Parameter[] } {
    const { columns } = this.#table;
    const parameters: Parameter[] = [];
    const wanted = Math.min(batch.length - start, this.#statements.sizeFor(batch.length - start));
    let bytes = 0;
    let rows = 0;
    while (rows < wanted) {
      const record = batch[start + rows] as UsageRecord;
      for (const parameter of parametersOf(record)) {
        parameters.push(parameter);
        bytes += VALUE_BYTES + (typeof parameter === 'string' ? parameter.length * UNIT_BYTES : 0);
      }
      if (bytes > this.#maxPacketBytes && rows > 0) break;
      rows += 1;
    }
    // What a packet has no room for is left to the next, and nothing is filled up.
    if (rows < wanted) rows = 2 ** Math.floor(Math.log2(rows));
    parameters.length = rows * columns.length;
    return { rows, parameters };
  }

  /** The statement for so many rows, which may want the last of them once more. */
  #statement(rows: number, parameters: Parameter[]): string {
    const size = this.#statements.sizeFor(rows);
    const last = parameters.slice(-this.#table.columns.length);
    for (let filled = rows; filled < size; filled += 1) parameters.push(...last);
    return this.#statements.text(size);
  }
}

function giveBack(connection: NativeConnection, error: unknown): void {
  const { fatal, name } = (error ?? {}) as { readonly fatal?: unknown; readonly name?: unknown };
  if (fatal !== true && name !== 'TimeoutError') {
    connection.release();
    return;
  }
  connection.destroy();
  // Else mysql2 says goodbye, and waits for an answer that may never come, which keeps the process alive.
  connection.stream.destroy();
}

/** mysql2 would put question marks in the place of what the connection's character set lacks. */
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

/** Sessions without autocommit begin a transaction by themselves. One that somebody has begun is not ours to end. */
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
