import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../../../record/usage-record.js';
import type { RefusedRecord, StoreResult } from '../../../usage-storage.js';
import type { ColumnValue } from '../../usage-row.js';
import type { SqlWriter } from '../sql-writer.js';
import type { UsageTable } from '../usage-table.js';
import { isRefusal, storageError } from './errors.js';
import { quote } from './identifiers.js';
import { LogKeeper } from './log-keeper.js';
import {
  type NativeDatabase,
  type NativeStatement,
  type SqliteConnection,
  busyTimeoutMs,
  fileOf,
  sqliteConnection,
  withoutWaiting,
} from './native-client.js';

/** Records a transaction, at most. */
const CHUNK_RECORDS = 64;

/**
 * After so long a transaction takes in no more records, in milliseconds. SQLite works on the event loop, and strangers
 * choose how large a record is: this bounds how long a turn of the loop takes.
 */
const CHUNK_MS = 0.4;

/** Records a statement: every statement has a price of its own, which four records share. */
const STATEMENT_RECORDS = 4;

interface Statements {
  readonly database: NativeDatabase;
  readonly begin: NativeStatement;
  readonly insertOne: NativeStatement;
  /** Inserts {@link STATEMENT_RECORDS}. */
  readonly insertSome: NativeStatement;
  readonly commit: NativeStatement;
  readonly rollback: NativeStatement;
  /** What keeps the file's log short; null where that is not for the writer to do. */
  readonly log: LogKeeper | null;
}

/**
 * Writes through the native client itself, with statements that are made once, in short transactions with a turn of
 * the event loop between them. Kysely's lock on the connection keeps it out of the application's transactions,
 * and it never waits for another connection's lock: it fails, and the tracker tries again later.
 */
export class SqliteWriter implements SqlWriter {
  readonly #connection: SqliteConnection;
  readonly #table: UsageTable;
  readonly #keepsLog: boolean;
  #statements: Statements | null = null;

  /** @param keepsLog - whether the writer may choose how the write-ahead log is copied back into the file */
  constructor(orm: MikroORM, table: UsageTable, keepsLog: boolean) {
    this.#connection = sqliteConnection(orm);
    this.#table = table;
    this.#keepsLog = keepsLog;
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#statements?.log?.close();
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
    return withoutWaiting(database, timeoutMs, () => {
      const statements = this.#prepare(database);
      const done = insertChunk(statements, this.#table, chunk, refused);
      statements.log?.committed();
      return done;
    });
  }

  /** The statements, made again when MikroORM has connected anew. */
  #prepare(database: NativeDatabase): Statements {
    if (this.#statements?.database === database) return this.#statements;
    const file = this.#keepsLog ? fileOf(database) : null;
    this.#statements = {
      database,
      begin: database.prepare('begin immediate'),
      insertOne: database.prepare(insertSql(this.#table, 1)),
      insertSome: database.prepare(insertSql(this.#table, STATEMENT_RECORDS)),
      commit: database.prepare('commit'),
      rollback: database.prepare('rollback'),
      log: file === null ? null : new LogKeeper(database, file),
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
    do {
      const records = chunk.slice(done, done + STATEMENT_RECORDS);
      insertRecords(statements, table, records, refused);
      done += records.length;
    } while (done < chunk.length && performance.now() < deadline);
    statements.commit.run();
  } catch (error) {
    refused.length = refusedBefore;
    if (statements.database.inTransaction) statements.rollback.run();
    throw error;
  }
  return done;
}

/**
 * Inserts records in one statement. If the table does not take one of them, they are inserted one by one.
 *
 * @param refused - gets the records that the table does not take
 * @throws what concerns more than these records
 */
function insertRecords(
  statements: Statements,
  table: UsageTable,
  records: readonly UsageRecord[],
  refused: RefusedRecord[],
): void {
  const isWhole = records.length === STATEMENT_RECORDS;
  if (isWhole && insert(statements, statements.insertSome, valuesOf(table, records)) === null) return;
  for (const record of records) {
    const error = insert(statements, statements.insertOne, valuesOf(table, [record]));
    if (error !== null) refused.push({ id: record.id, error });
  }
}

/**
 * @returns why the table does not take what is inserted; null if it does
 * @throws what concerns more than these records
 */
function insert(
  { database }: Statements,
  statement: NativeStatement,
  values: readonly BindableValue[],
): Error | null {
  try {
    statement.run(...values);
    return null;
  } catch (error) {
    // A statement that fails undoes itself; the others of the transaction stand.
    if (!isRefusal(error) || !database.inTransaction) throw error;
    return error as Error;
  }
}

/** What SQLite can bind. */
type BindableValue = string | number | null;

/** Records as values that SQLite can bind, one record after the other, in the order of the columns. */
export function valuesOf({ columns }: UsageTable, records: readonly UsageRecord[]): BindableValue[] {
  const values: BindableValue[] = [];
  for (const record of records) {
    for (const { value } of columns) values.push(bindable(value(record)));
  }
  return values;
}

/** @param rows - how many records the statement inserts */
function insertSql({ name, columns }: UsageTable, rows: number): string {
  const names = columns.map((column) => quote(column.name)).join(', ');
  const row = `(${columns.map(() => '?').join(', ')})`;
  const places = Array.from({ length: rows }, () => row).join(', ');
  return `insert into ${quote(name)} (${names}) values ${places} on conflict (${quote('id')}) do nothing`;
}

/** SQLite has no booleans and no dates: MikroORM keeps them as 0 and 1, and as milliseconds. */
function bindable(value: ColumnValue): BindableValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : value;
}
