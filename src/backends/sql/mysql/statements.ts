import type { MikroORM } from '@mikro-orm/core';
import { type ColumnValue, valuesOf } from '../../../record/columns.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import { mySqlDate, textLiteral } from '../../mikro-orm/mysql-column-types.js';
import type { GrowingInsert } from '../chunk-writer.js';
import { LOCK_WAIT_MS } from '../connection-lease.js';
import { type UsageTable, configuredSchema } from '../usage-table.js';

/** Rows of one statement, at most: mysql2 makes a packet of all of it in one turn of the event loop. */
export const MAX_ROWS = 128;

/** Estimated bytes of the values of one statement, for that reason; a larger record goes alone. */
const MAX_BYTES = 1_048_576;

/** A statement that is filled up with the last row again, which changes nothing, is so by at most this part of it. */
const MAX_FILLING = 1 / 8;

/** Bytes of a value in a packet beside its text, and of one UTF-16 code unit, at most. */
const VALUE_BYTES = 12;
const UNIT_BYTES = 3;

const LOCK_WAIT_S = LOCK_WAIT_MS / 1000;

/**
 * Settings for the statement alone, under every setting of the session: no text is cut that is too long, and no lock is waited
 * for long. They are in MariaDB's syntax and in MySQL's; each server takes the other's for a comment. MySQL has no hint for
 * the locks of rows.
 */
const SETTINGS =
  `/*M!100100 set statement sql_mode='STRICT_ALL_TABLES', lock_wait_timeout=${LOCK_WAIT_S}, ` +
  `innodb_lock_wait_timeout=${LOCK_WAIT_S} for */`;
const HINTS = `/*+ set_var(sql_mode='STRICT_ALL_TABLES') set_var(lock_wait_timeout=${LOCK_WAIT_S}) */`;

/**
 * The name of the row that would be inserted: MySQL is about to drop `values()`, and MariaDB has nothing else. Each server takes
 * the other's name for a comment.
 */
const ALIAS = '/*!80019 as koa_track_usage_row */';
const GIVEN_ID = '/*!80019 koa_track_usage_row.id */ /*M! values(id) */';

/** A value as a column is given it. */
type Parameter = string | number | null;

/** A prepared statement, and the values of its first `rows` records. */
interface PreparedInsert {
  readonly rows: number;
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

/**
 * The statements that insert so many rows, made once. Sizes are powers of two, so that a connection keeps a handful
 * of prepared statements for batches of every length.
 */
export class InsertStatements {
  readonly #head: string;
  readonly #row: string;
  readonly #tail: string;
  readonly #columns: number;
  readonly #texts = new Map<number, string>();

  constructor(orm: MikroORM, { entity, name, columns }: UsageTable) {
    // MySQL has no schemas but its databases.
    const schema = entity.schema ?? configuredSchema(orm);
    const isElsewhere = schema !== undefined && schema !== '*';
    const table = isElsewhere ? `${quote(schema)}.${quote(name)}` : quote(name);
    const names = columns.map((column) => quote(column.name)).join(', ');
    const id = quote('id');
    this.#head = `${SETTINGS} insert ${HINTS} into ${table} (${names}) values `;
    this.#row = `(${columns.map(() => '?').join(', ')})`;
    // A row that meets another key than the id must not pass for stored: its id would become null, which is an error.
    this.#tail = ` ${ALIAS} on duplicate key update ${id} = if(${table}.${id} = ${GIVEN_ID}, ${table}.${id}, null)`;
    this.#columns = columns.length;
  }

  /** Begins the statement that inserts the first of so many records, as many as it and a packet hold. */
  begin(records: number, maxPacketBytes: number): GrowingInsert<PreparedInsert> {
    const wanted = Math.min(records, this.#sizeFor(records));
    const maxBytes = Math.min(MAX_BYTES, maxPacketBytes);
    const parameters: Parameter[] = [];
    let bytes = 0;
    let rows = 0;
    return {
      add(record) {
        for (const parameter of parametersOf(record)) {
          parameters.push(parameter);
          bytes += VALUE_BYTES + (typeof parameter === 'string' ? parameter.length * UNIT_BYTES : 0);
        }
        if (bytes <= maxBytes || rows === 0) rows += 1;
        return rows < wanted && bytes <= maxBytes;
      },
      // Records for which a packet has no room are left to the next, and nothing is filled up.
      end: () => this.#fill(parameters, rows < wanted ? 2 ** Math.floor(Math.log2(rows)) : rows),
    };
  }

  #fill(parameters: Parameter[], rows: number): PreparedInsert {
    parameters.length = rows * this.#columns;
    const size = this.#sizeFor(rows);
    const last = parameters.slice(-this.#columns);
    for (let filled = rows; filled < size; filled += 1) parameters.push(...last);
    return { rows, text: this.text(size), parameters };
  }

  /** How many rows the next statement has: at times a few more than there are, which saves a commit or several. */
  #sizeFor(rows: number): number {
    const size = 2 ** Math.floor(Math.log2(Math.min(rows, MAX_ROWS)));
    const larger = size * 2;
    const fills = rows > size && larger <= MAX_ROWS && larger - rows <= larger * MAX_FILLING;
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

  /** The statement that inserts rows of {@link rowOfLiterals}. */
  textOf(rows: readonly string[]): string {
    return this.#head + rows.join(', ') + this.#tail;
  }
}

/**
 * A record as a row in a statement's text. Clients that put values there themselves escape them for one `sql_mode`; these
 * literals have one meaning in all modes.
 */
export function rowOfLiterals(record: UsageRecord): string {
  return `(${parametersOf(record).map(literal).join(', ')})`;
}

function parametersOf(record: UsageRecord): Parameter[] {
  return valuesOf(record).map(parameterOf);
}

function parameterOf(value: ColumnValue): Parameter {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? mySqlDate(value) : value;
}

function literal(value: Parameter): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return textLiteral(value);
  // With an exponent it is a double to MySQL, and else a decimal number.
  return Number.isInteger(value) || /e/.test(String(value)) ? String(value) : `${value}e0`;
}

/** Quotes an identifier as MySQL does under every `sql_mode`. */
function quote(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}
