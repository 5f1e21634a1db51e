import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../../../errors.js';
import type { UsageRecord } from '../../../../record/usage-record.js';
import type { RefusedRecord, StoreResult } from '../../../usage-storage.js';
import type { ColumnValue } from '../../usage-row.js';
import type { SqlWriter } from '../sql-writer.js';
import type { UsageTable } from '../usage-table.js';
import { isRefusal, storageError } from './errors.js';
import { quote } from './identifiers.js';
import {
  type NativeDatabase,
  type NativeStatement,
  type SqliteConnection,
  busyTimeoutMs,
  sqliteConnection,
} from './native-client.js';

/** Records a transaction, at most. */
const CHUNK_RECORDS = 64;

/**
 * After so long a transaction takes in no more records, in milliseconds. SQLite works on the event loop, and strangers
 * choose how large a record is: this bounds how long a turn of the loop takes.
 */
const CHUNK_MS = 0.4;

/** Records between two looks at the time. */
const GLANCE_RECORDS = 8;

interface Statements {
  readonly database: NativeDatabase;
  readonly begin: NativeStatement;
  readonly insert: NativeStatement;
  readonly commit: NativeStatement;
  readonly rollback: NativeStatement;
}

/**
 * Writes through the native client itself, with statements that are made once, in short transactions with a turn of
 * the event loop between them. Kysely's lock on the connection keeps it out of the application's transactions,
 * and it never waits for another connection's lock: it fails, and the tracker tries again later.
 */
export class SqliteWriter implements SqlWriter {
  readonly #connection: SqliteConnection;
  readonly #table: UsageTable;
  #statements: Statements | null = null;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#connection = sqliteConnection(orm);
    this.#table = table;
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const refused: RefusedRecord[] = [];
    try {
      const database = await this.#connection.getNativeClient();
      const timeoutMs = busyTimeoutMs(database);
      for (let start = 0; start < batch.length;) {
        if (start > 0) await nextTurn();
        await this.#connection
          .getClient()
          .connection()
          .execute(async () => {
            // The lock may have taken long to get, and nobody may be waiting any more.
            signal.throwIfAborted();
            start += this.#writeChunk(
              database,
              timeoutMs,
              batch.slice(start, start + CHUNK_RECORDS),
              refused,
            );
          });
      }
    } catch (error) {
      throw storageError(error, this.#table.name);
    }
    return { stored: batch.length - refused.length, refused };
  }

  /**
   * Writes a chunk in one transaction, in one turn of the event loop.
   *
   * @param timeoutMs - how long the application waits for locks on this connection; here, nobody does
   * @param refused - gets the records that the table does not take
   * @returns how many records of the chunk are done
   */
  #writeChunk(
    database: NativeDatabase,
    timeoutMs: number,
    chunk: readonly UsageRecord[],
    refused: RefusedRecord[],
  ): number {
    if (database.inTransaction) {
      throw new TrackUsageError(
        'STORAGE_UNAVAILABLE',
        'The application has begun a transaction on the native client; its connection is left alone until that ends.',
      );
    }
    if (timeoutMs > 0) database.exec('pragma busy_timeout = 0');
    try {
      return insertChunk(this.#prepare(database), this.#table, chunk, refused);
    } finally {
      if (timeoutMs > 0) database.exec(`pragma busy_timeout = ${timeoutMs}`);
    }
  }

  /** The statements, made again when MikroORM has connected anew. */
  #prepare(database: NativeDatabase): Statements {
    if (this.#statements?.database === database) return this.#statements;
    this.#statements = {
      database,
      begin: database.prepare('begin immediate'),
      insert: database.prepare(insertSql(this.#table)),
      commit: database.prepare('commit'),
      rollback: database.prepare('rollback'),
    };
    return this.#statements;
  }
}

function insertChunk(
  statements: Statements,
  table: UsageTable,
  chunk: readonly UsageRecord[],
  refused: RefusedRecord[],
): number {
  const deadline = performance.now() + CHUNK_MS;
  const refusedBefore = refused.length;
  let done = 0;
  statements.begin.run();
  try {
    for (const record of chunk) {
      const error = insertRecord(statements, table, record);
      if (error !== null) refused.push({ id: record.id, error });
      done += 1;
      if (done % GLANCE_RECORDS === 0 && performance.now() > deadline) break;
    }
    statements.commit.run();
  } catch (error) {
    refused.length = refusedBefore;
    if (statements.database.inTransaction) statements.rollback.run();
    throw error;
  }
  return done;
}

/**
 * @returns why the table does not take the record; null if it does
 * @throws what concerns more than this record
 */
function insertRecord(
  { database, insert }: Statements,
  table: UsageTable,
  record: UsageRecord,
): Error | null {
  try {
    insert.run(rowOf(table, record));
    return null;
  } catch (error) {
    // A statement that fails undoes itself; the others of the transaction stand.
    if (!isRefusal(error) || !database.inTransaction) throw error;
    return error as Error;
  }
}

/** A record as values that SQLite can bind, in the order of the columns. */
export function rowOf({ columns }: UsageTable, record: UsageRecord): (string | number | null)[] {
  const row: (string | number | null)[] = [];
  for (const { value } of columns) row.push(bindable(value(record)));
  return row;
}

function insertSql({ name, columns }: UsageTable): string {
  const names = columns.map((column) => quote(column.name)).join(', ');
  const places = columns.map(() => '?').join(', ');
  return `insert into ${quote(name)} (${names}) values (${places}) on conflict (${quote('id')}) do nothing`;
}

/** SQLite has no booleans and no dates: MikroORM keeps them as 0 and 1, and as milliseconds. */
function bindable(value: ColumnValue): string | number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : value;
}
