import type { UsageRecord } from '../../../record/usage-record.js';
import { mySqlDate } from '../../mikro-orm/mysql-column-types.js';
import { type ColumnValue, valuesOf } from '../../../record/columns.js';
import type { TableColumn } from '../usage-table.js';
import { quote } from './identifiers.js';

/** Parameters of one statement, at most: the protocol counts them in 16 bits. */
const MAX_PARAMETERS = 65_535;

/** Rows of one statement, at most. More make it no faster. */
const MAX_ROWS = 1024;

/** A statement that is filled up with the last row again, which changes nothing, is so by at most this part of it. */
const MAX_FILLING = 1 / 8;

/**
 * The session may have an `sql_mode` that cuts what is too long. For the length of this statement it has not, by
 * MariaDB's syntax and by MySQL's; each takes the other's for a comment.
 */
const STRICTLY = "/*M!100100 set statement sql_mode='STRICT_ALL_TABLES' for */";
const STRICTLY_HINT = "/*+ set_var(sql_mode='STRICT_ALL_TABLES') */";

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
  /** What every statement has near its beginning, and others have not. */
  readonly mark: string;
  readonly #head: string;
  readonly #row: string;
  readonly #tail: string;
  readonly #maxRows: number;
  readonly #texts = new Map<number, string>();

  /** @param table - the table's name, quoted, with its database if need be */
  constructor(table: string, columns: readonly TableColumn[]) {
    const id = quote('id');
    this.mark = `into ${table} (`;
    this.#head = `${STRICTLY} insert ${STRICTLY_HINT} ${this.mark}${columns.map(({ name }) => quote(name)).join(', ')}) values `;
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
