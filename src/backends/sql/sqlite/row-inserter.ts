import { type ColumnValue, valuesOf } from '../../../record/columns.js';
import type { UsageRecord } from '../../../record/usage-record.js';
import { quote } from '../identifiers.js';
import { isRefusal } from './errors.js';
import type { NativeDatabase, NativeStatement } from './native-client.js';

/** A value that SQLite can bind. */
export type BindableValue = string | number | null;

/** The values of a row, in the order of the columns. */
export type SqliteRow = readonly BindableValue[];

/**
 * A record as a row.
 *
 * @throws if something in it cannot be JSON
 */
export function rowOf(record: UsageRecord): SqliteRow {
  return valuesOf(record).map(bindable);
}

/** A value as SQLite has it: MikroORM keeps booleans as 0 and 1, and dates as milliseconds. */
export function bindable(value: ColumnValue): BindableValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : value;
}

/** The part of a table that inserting needs: its columns are in the order of a row's. */
export type InsertTarget = { readonly name: string; readonly columns: readonly { readonly name: string }[] };

/** A row that the table does not take, by the number that it was added with, and why. */
export interface RefusedRow {
  readonly index: number;
  readonly error: Error;
}

/** Rows of a statement: every statement costs time of its own, which four rows share. */
const STATEMENT_ROWS = 4;

/** Shapes of rows that have a statement of their own. A shape is which columns are null, and strangers choose that. */
const MAX_SHAPES = 64;

/**
 * Rows that wait until a statement is full. All of them have the same columns null: nulls stand in the statement itself, as
 * binding one takes as long as binding a text.
 */
interface Shape {
  /** Inserts {@link STATEMENT_ROWS}. */
  readonly insertSome: NativeStatement;
  /** The columns that are not null. */
  readonly bound: readonly number[];
  readonly rows: SqliteRow[];
  readonly indices: number[];
}

/** Inserts rows by statements that are made once. */
export class RowInserter {
  readonly #database: NativeDatabase;
  readonly #target: InsertTarget;
  readonly #shapes = new Map<number | string, Shape>();
  /** Inserts one row of any shape. */
  readonly #insertOne: NativeStatement;
  #refused: RefusedRow[] = [];

  /** @throws SQLite's error where there is no such table */
  constructor(database: NativeDatabase, target: InsertTarget) {
    this.#database = database;
    this.#target = target;
    this.#insertOne = this.#prepare([...target.columns.keys()], 1);
  }

  /**
   * Inserts rows in one transaction.
   *
   * @param addRows - calls `add` with each row and a number for it
   * @returns the rows that the table does not take; the others are stored
   * @throws an error that concerns more than some of the rows; then none is stored
   */
  transact(addRows: (add: (row: SqliteRow, index: number) => void) => void): RefusedRow[] {
    this.#refused = [];
    this.#database.exec('begin immediate');
    try {
      addRows((row, index) => this.#add(row, index));
      for (const shape of this.#shapes.values()) this.#insertEach(shape);
      this.#database.exec('commit');
    } catch (error) {
      this.#shapes.clear();
      if (this.#database.inTransaction) this.#database.exec('rollback');
      throw error;
    }
    return this.#refused;
  }

  #add(row: SqliteRow, index: number): void {
    const shape = this.#shapeOf(row);
    if (shape === null) {
      this.#insert(row, index);
      return;
    }
    const { insertSome, bound, rows, indices } = shape;
    rows.push(row);
    indices.push(index);
    if (rows.length < STATEMENT_ROWS) return;
    const values: unknown[] = [];
    for (const waiting of rows) for (const column of bound) values.push(waiting[column]);
    // If the table does not take one of the rows, each is tried alone.
    if (this.#run(insertSome, values) === null) empty(shape);
    else this.#insertEach(shape);
  }

  #insertEach(shape: Shape): void {
    for (const [place, row] of shape.rows.entries()) this.#insert(row, shape.indices[place] as number);
    empty(shape);
  }

  #insert(row: SqliteRow, index: number): void {
    const error = this.#run(this.#insertOne, row);
    if (error !== null) this.#refused.push({ index, error });
  }

  /**
   * @returns why the table does not take the rows; null if it does
   * @throws an error that concerns more than these rows
   */
  #run(statement: NativeStatement, values: readonly unknown[]): Error | null {
    try {
      statement.run(...values);
      return null;
    } catch (error) {
      // A statement that fails undoes itself; the other statements of the transaction stand.
      if (!isRefusal(error) || !this.#database.inTransaction) throw error;
      return error as Error;
    }
  }

  /** @returns null for one of too many shapes */
  #shapeOf(row: SqliteRow): Shape | null {
    const nulls = nullsOf(row);
    const known = this.#shapes.get(nulls);
    if (known !== undefined) return known;
    if (this.#shapes.size === MAX_SHAPES) return null;
    const bound = [...row.keys()].filter((column) => row[column] !== null);
    const shape = { insertSome: this.#prepare(bound, STATEMENT_ROWS), bound, rows: [], indices: [] };
    this.#shapes.set(nulls, shape);
    return shape;
  }

  /** @param bound - the columns that are bound; the others are null */
  #prepare(bound: readonly number[], rows: number): NativeStatement {
    const { name, columns } = this.#target;
    const row = `(${columns.map((_, column) => (bound.includes(column) ? '?' : 'null')).join(', ')})`;
    const names = columns.map((column) => quote(column.name)).join(', ');
    const places = Array.from({ length: rows }, () => row).join(', ');
    return this.#database.prepare(
      `insert into ${quote(name)} (${names}) values ${places} on conflict (${quote('id')}) do nothing`,
    );
  }
}

function empty({ rows, indices }: Shape): void {
  rows.length = 0;
  indices.length = 0;
}

/** Which columns of a row are null, a bit each. Numbers are the faster keys, but have 32 bits: more columns make a text. */
function nullsOf(row: SqliteRow): number | string {
  let nulls: number | string = 0;
  for (let start = 0; start < row.length; start += 32) {
    const end = Math.min(start + 32, row.length);
    let bits = 0;
    // A number is shifted by the remainder of 32.
    for (let column = start; column < end; column += 1) if (row[column] === null) bits |= 1 << column;
    nulls = start === 0 ? bits : `${nulls} ${bits}`;
  }
  return nulls;
}
