import type { UsageRecord } from '../../../record/usage-record.js';
import { mySqlDate } from '../../mikro-orm/mysql-column-types.js';
import { type ColumnValue, valuesOf } from '../../../record/columns.js';
import { LOCK_WAIT_MS } from '../connection-lease.js';
import type { TableColumn } from '../usage-table.js';
import { quote } from './identifiers.js';

/** Parameters of one statement, at most: the protocol counts them in 16 bits. */
const MAX_PARAMETERS = 65_535;

/** Rows of one statement, at most. More make it no faster. */
const MAX_ROWS = 1024;

/** A statement that is filled up with the last row again, which changes nothing, is so by at most this part of it. */
const MAX_FILLING = 1 / 8;

const LOCK_WAIT_S = LOCK_WAIT_MS / 1000;

/**
 * What holds for the length of the statement alone, whatever the session has: nothing is cut that is too long, and no lock is
 * waited for long. By MariaDB's syntax and by MySQL's; each takes the other's for a comment. MySQL has no hint for the locks
 * of rows.
 */
const SETTINGS =
  `/*M!100100 set statement sql_mode='STRICT_ALL_TABLES', lock_wait_timeout=${LOCK_WAIT_S}, ` +
  `innodb_lock_wait_timeout=${LOCK_WAIT_S} for */`;
const HINTS = `/*+ set_var(sql_mode='STRICT_ALL_TABLES') set_var(lock_wait_timeout=${LOCK_WAIT_S}) */`;

/**
 * What a row is called that would be inserted: MySQL is about to drop `values()`, and MariaDB has nothing else. Each takes the
 * other's for a comment.
 */
const ALIAS = '/*!80019 as koa_track_usage_row */';
const GIVEN_ID = '/*!80019 koa_track_usage_row.id */ /*M! values(id) */';

/**
 * The statements that insert so many rows, made once. Sizes are powers of two, so that a connection keeps a handful
 * of prepared statements, whatever the batches' lengths.
 */
export class InsertStatements {
  readonly #head: string;
  readonly #row: string;
  readonly #tail: string;
  readonly #maxRows: number;
  readonly #texts = new Map<number, string>();

  /** @param table - the table's name, quoted, with its database if need be */
  constructor(table: string, columns: readonly TableColumn[]) {
    const id = quote('id');
    this.#head = `${SETTINGS} insert ${HINTS} into ${table} (${columns.map(({ name }) => quote(name)).join(', ')}) values `;
    this.#row = `(${columns.map(() => '?').join(', ')})`;
    // A row that meets another key than the id must not pass for stored: its id would become null, which is an error.
    this.#tail = ` ${ALIAS} on duplicate key update ${id} = if(${table}.${id} = ${GIVEN_ID}, ${table}.${id}, null)`;
    this.#maxRows = Math.min(MAX_ROWS, Math.floor(MAX_PARAMETERS / columns.length));
  }

  /** How many rows the next statement has: at times a few more than there are, which saves a commit or several. */
  sizeFor(rows: number): number {
    const size = 2 ** Math.floor(Math.log2(Math.min(rows, this.#maxRows)));
    const larger = size * 2;
    const fills = rows > size && larger <= this.#maxRows && larger - rows <= larger * MAX_FILLING;
    return fills ? larger : size;
  }

  /** The statement that inserts so many rows. */
  text(rows: number): string {
    let text = this.#texts.get(rows);
    if (text === undefined) {
      text = this.#head + Array.from({ length: rows }, () => this.#row).join(', ') + this.#tail;
      this.#texts.set(rows, text);
    }
    return text;
  }

  /** The statement that inserts rows of literals. */
  textOf(rows: readonly (readonly string[])[]): string {
    return `${this.#head}${rows.map((row) => `(${row.join(', ')})`).join(', ')}${this.#tail}`;
  }
}

/** What a column is given. */
export type Parameter = string | number | null;

/** The values of a record, one a column. */
export function parametersOf(record: UsageRecord): Parameter[] {
  return valuesOf(record).map(parameterOf);
}

function parameterOf(value: ColumnValue): Parameter {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? mySqlDate(value) : value;
}
