// The program of the threads that work on SQLite, each on a connection of its own: one writes and deletes, one reads.
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type NativeDatabase, OWN_PRAGMAS, deleteSql, emptyLog, runStatement } from './native-client.js';
import { type PackedRows, unpackRows } from './packed-rows.js';
import { RowInserter } from './row-inserter.js';
import { RowSums } from '../../base/row-sums.js';
import type { Summed } from '../../mikro-orm/elsewhere.js';
import type { ColumnProperty } from '../../../record/columns.js';
import { type Dimension, dimensionOf } from '../../../summary/dimensions.js';
import { periodsOf } from '../../../summary/periods.js';
import { type SumOrder, type SumPart, Sums } from '../../../summary/sums.js';
import type { UsageTable } from '../usage-table.js';

/** Data that the thread is started with. */
export interface ThreadData {
  /** Where better-sqlite3 is found. */
  readonly client: string;
  /** The client's addon, if that is not where the client looks. */
  readonly nativeBinding: string | undefined;
  /** The database's file. */
  readonly file: string;
  readonly target: Pick<UsageTable, 'name' | 'columns'>;
}

/**
 * A task for the thread, which is one transaction; the log is emptied outside of any. A statement is read in as many tasks as
 * it has pieces, of which all but the first have no SQL. Tasks are answered in their order.
 */
export type ThreadTask =
  | { readonly kind: 'insert'; readonly rows: PackedRows }
  | { readonly kind: 'delete'; readonly beforeMs: number; readonly limit: number }
  | { readonly kind: 'statement'; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: 'empty-log' }
  | {
      readonly kind: 'sum';
      readonly sql: string;
      readonly order: SumOrder;
    }
  | { readonly kind: 'read'; readonly sql: string | null };

/** Why a table did not take a row, or why a task failed. An error would lose its code on the way. */
export interface ThreadError {
  readonly message: string;
  /** SQLite's; undefined if it was not SQLite's error. */
  readonly code: string | undefined;
}

/** The result of a task. */
export interface ThreadResult {
  /** Records that were deleted. */
  readonly deleted?: number;
  /** Rows that a statement has given. */
  readonly found?: object[];
  /** False where the write-ahead log is being read or written. */
  readonly isLogEmpty?: boolean;
  /** Rows that were read, as values; the properties that these are of, or their names in SQL; whether there may be more. */
  readonly rows?: unknown[][];
  readonly keys?: string[];
  readonly isMore?: boolean;
  /** What the records of a statement add up to. */
  readonly summed?: Summed;
  readonly parts?: readonly SumPart[];
  /** Rows that the table did not take, by their number among those that were packed. */
  readonly refused?: readonly { readonly index: number; readonly error: ThreadError }[];
}

/** The thread's first message, and its answer to a task. */
export type ThreadAnswer = 'ready' | { readonly result: ThreadResult } | { readonly error: ThreadError };

/**
 * How long another process's lock is waited for, in milliseconds: that wait holds nobody up in this thread. Where a lock
 * lasts longer, the tracker tries again.
 */
const PATIENCE_MS = 100;

/** Rows that are handed over together: taking them and making records of them holds the event loop for 0.4 ms. */
const PIECE_ROWS = 100;

/** After so much text a piece takes in no more rows, in UTF-16 code units: strangers choose how long texts are. */
const PIECE_LENGTH = 131_072;

const { client, nativeBinding, file, target } = workerData as ThreadData;
const { default: Database } = (await import(client)) as {
  default: new (file: string, options: object) => NativeDatabase;
};

const properties = new Map(target.columns.map(({ name, property }) => [name, property]));

let connection: NativeDatabase | null = null;
let inserter: RowInserter | null = null;
let reader: { readonly database: NativeDatabase; readonly identity: string } | null = null;
let unread: Iterator<unknown[]> | null = null;
let keys: string[] = [];

parentPort?.on('message', (order: ThreadTask | 'end') => {
  if (order === 'end') {
    unread?.return?.();
    reader?.database.close();
    connection?.close();
    parentPort?.close();
    return;
  }
  try {
    say({ result: perform(order) });
  } catch (error) {
    say({ error: describe(error) });
  }
});
say('ready');

function perform(task: ThreadTask): ThreadResult {
  if (task.kind === 'read') return read(task.sql);
  if (task.kind === 'sum') return sum(task);
  const database = connect();
  if (task.kind === 'statement') return { found: runStatement(database, task) };
  if (task.kind === 'empty-log') return { isLogEmpty: emptyLog(database) };
  if (task.kind === 'delete') {
    const deletion = database.prepare(deleteSql(target.name));
    const { changes } = deletion.run(task.beforeMs, task.limit) as { readonly changes: number };
    return { deleted: changes };
  }
  // Its statements are made with the first batch: the table may be missing, which is nothing to the other tasks.
  inserter ??= new RowInserter(database, target);
  const refused = inserter.transact((add) => {
    let index = 0;
    for (const row of unpackRows(task.rows, target.columns.length)) {
      add(row, index);
      index += 1;
    }
  });
  return { refused: refused.map((row) => ({ index: row.index, error: describe(row.error) })) };
}

/** Connects with the first task, and again with the next one where that failed: then it is the task that fails. */
function connect(): NativeDatabase {
  if (connection !== null) return connection;
  const database = new Database(file, { nativeBinding, fileMustExist: true, timeout: PATIENCE_MS });
  try {
    database.exec(OWN_PRAGMAS);
    connection = database;
  } catch (error) {
    database.close();
    throw error;
  }
  return connection;
}

function read(sql: string | null): ThreadResult {
  if (sql !== null) {
    unread?.return?.();
    const statement = connectToPresent().prepare(sql).raw();
    unread = statement.iterate();
    keys = statement.columns().map(({ name }) => properties.get(name) ?? name);
  }
  const rows: unknown[][] = [];
  for (let length = 0; rows.length < PIECE_ROWS && length < PIECE_LENGTH;) {
    const { value: row, done } = unread?.next() ?? { done: true };
    if (done === true) return { rows, keys };
    rows.push(row);
    for (const value of row) if (typeof value === 'string') length += value.length;
  }
  return { rows, keys, isMore: true };
}

function sum({ sql, order }: Extract<ThreadTask, { readonly kind: 'sum' }>): ThreadResult {
  // It is for those who merge the sums to say how many keys there may be.
  const dimensions = order.names.map((name) => ({
    ...(dimensionOf(name) as Dimension),
    maxKeys: Infinity,
  }));
  const sums = new Sums(dimensions, periodsOf(order.timeZone), order.period);
  const statement = connectToPresent().prepare(sql).raw();
  const found = statement.columns().map(({ name }) => properties.get(name) as ColumnProperty);
  const rows = new RowSums(sums, found);
  for (const values of statement.iterate()) rows.add(values);
  return { summed: rows.summed, parts: [...sums.parts()] };
}

/** Connects for reading, anew where another file has the name now. */
function connectToPresent(): NativeDatabase {
  const { dev, ino } = statSync(file, { bigint: true });
  const identity = `${dev} ${ino}`;
  if (reader?.identity === identity) return reader.database;
  reader?.database.close();
  reader = null;
  const database = new Database(file, { nativeBinding, readonly: true, timeout: PATIENCE_MS });
  reader = { database, identity };
  return database;
}

function describe(error: unknown): ThreadError {
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  return { message: String(message), code: typeof code === 'string' ? code : undefined };
}

function say(message: ThreadAnswer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
  parentPort?.postMessage(message);
}
