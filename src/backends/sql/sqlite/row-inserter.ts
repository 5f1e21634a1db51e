import type { UsageTable } from '../usage-table.js';
import { isRefusal } from './errors.js';
import { quote } from '../identifiers.js';
import type { NativeDatabase, NativeStatement } from './native-client.js';
import type { SqliteRow } from './row.js';

/** The table, and its columns in the order of a row's. */
export interface InsertTarget {
  readonly name: string;
  readonly columns: readonly string[];
}

/** A table as what is inserted into. */
export function targetOf({ name, columns }: UsageTable): InsertTarget {
  return { name, columns: columns.map((column) => column.name) };
}

/** A row that the table does not take, by the number that it was added with, and why. */
export interface RefusedRow {
  readonly index: number;
  readonly error: Error;
}

/** Records a statement: every statement has a price of its own, which four records share. */
const STATEMENT_ROWS = 4;

/** Shapes of rows, by what is null in them, that have statements of their own. Strangers choose what is null. */
const MAX_SHAPES = 64;

/** Rows that wait until a statement is full. All of them have the same columns null. */
interface Shape {
  readonly insertOne: NativeStatement;
  /** Inserts {@link STATEMENT_ROWS}. */
  readonly insertSome: NativeStatement;
  /** Values a row. */
  readonly width: number;
  /** Of all rows, one after the other. */
  readonly values: (string | number)[];
  readonly indices: number[];
}

/** Inserts rows by statements that are made once. */
export class RowInserter {
  readonly #database: NativeDatabase;
  readonly #target: InsertTarget;
  readonly #shapes = new Map<number, Shape>();
  readonly #begin: NativeStatement;
  readonly #commit: NativeStatement;
  readonly #rollback: NativeStatement;
  #refused: RefusedRow[] = [];

  /** @throws what SQLite says where there is no such table */
  constructor(database: NativeDatabase, target: InsertTarget) {
    this.#database = database;
    this.#target = target;
    this.#begin = database.prepare('begin immediate');
    this.#commit = database.prepare('commit');
    this.#rollback = database.prepare('rollback');
    this.#shape(0);
  }

  /**
   * Inserts rows in one transaction.
   *
   * @param addRows - calls `add` with each row and a number for it
   * @returns the rows that the table does not take; the others are stored
   * @throws what concerns more than some of the rows; then none is stored
   */
  transact(addRows: (add: (row: SqliteRow, index: number) => void) => void): RefusedRow[] {
    this.#refused = [];
    this.#begin.run();
    try {
      addRows((row, index) => this.#add(row, index));
      for (const shape of this.#shapes.values()) this.#insertEach(shape);
      this.#commit.run();
    } catch (error) {
      for (const shape of this.#shapes.values()) empty(shape);
      if (this.#database.inTransaction) this.#rollback.run();
      throw error;
    }
    return this.#refused;
  }

  #add(row: SqliteRow, index: number): void {
    const shape = this.#shape(row.nulls);
    if (shape === null) {
      this.#insertOdd(row, index);
      return;
    }
    shape.indices.push(index);
    for (const value of row.values) shape.values.push(value);
    if (shape.indices.length < STATEMENT_ROWS) return;
    // If the table does not take one of them, each is tried alone.
    if (this.#run(shape.insertSome, shape.values) === null) empty(shape);
    else this.#insertEach(shape);
  }

  #insertEach(shape: Shape): void {
    const { insertOne, width, values, indices } = shape;
    for (const [place, index] of indices.entries()) {
      this.#note(index, this.#run(insertOne, values.slice(place * width, (place + 1) * width)));
    }
    empty(shape);
  }

  /** Inserts a row whose shape has no statement of its own. */
  #insertOdd({ nulls, values }: SqliteRow, index: number): void {
    const rest = values.values();
    const all = this.#target.columns.map((_, column) => (isNull(nulls, column) ? null : rest.next().value));
    const { insertOne } = this.#shape(0) as Shape;
    this.#note(index, this.#run(insertOne, all));
  }

  #note(index: number, error: Error | null): void {
    if (error !== null) this.#refused.push({ index, error });
  }

  /**
   * @returns why the table does not take what is inserted; null if it does
   * @throws what concerns more than these rows
   */
  #run(statement: NativeStatement, values: readonly unknown[]): Error | null {
    try {
      statement.run(...values);
      return null;
    } catch (error) {
      // A statement that fails undoes itself; the others of the transaction stand.
      if (!isRefusal(error) || !this.#database.inTransaction) throw error;
      return error as Error;
    }
  }

  #shape(nulls: number): Shape | null {
    const known = this.#shapes.get(nulls);
    if (known !== undefined) return known;
    if (this.#shapes.size === MAX_SHAPES) return null;
    const shape: Shape = {
      insertOne: this.#database.prepare(insertSql(this.#target, nulls, 1)),
      insertSome: this.#database.prepare(insertSql(this.#target, nulls, STATEMENT_ROWS)),
      width: this.#target.columns.filter((_, column) => !isNull(nulls, column)).length,
      values: [],
      indices: [],
    };
    this.#shapes.set(nulls, shape);
    return shape;
  }
}

function empty({ values, indices }: Shape): void {
  values.length = 0;
  indices.length = 0;
}

function insertSql({ name, columns }: InsertTarget, nulls: number, rows: number): string {
  const names = columns.map(quote).join(', ');
  const row = `(${columns.map((_, column) => (isNull(nulls, column) ? 'null' : '?')).join(', ')})`;
  const places = Array.from({ length: rows }, () => row).join(', ');
  return `insert into ${quote(name)} (${names}) values ${places} on conflict (${quote('id')}) do nothing`;
}

function isNull(nulls: number, column: number): boolean {
  return (nulls & (1 << column)) !== 0;
}
