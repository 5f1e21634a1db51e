import type { ColumnValue } from '../../../record/columns.js';
import { type BindableValue, type SqliteRow, bindable } from './row-inserter.js';

/**
 * Rows on their way to another thread: one text and lists of numbers are copied many times faster than thousands of
 * values.
 */
export interface PackedRows {
  /** All texts, one after the other. */
  readonly text: string;
  /** How long each text is, in UTF-16 code units; {@link NULL} and {@link NUMBER} stand for values that are no text. */
  readonly lengths: Int32Array;
  /** All numbers, one after the other. */
  readonly numbers: Float64Array;
}

const NULL = -1;
const NUMBER = -2;

/** Packs rows for the other thread. */
export class RowPacker {
  #text = '';
  readonly #lengths: number[] = [];
  readonly #numbers: number[] = [];

  /** Adds a row of these values. */
  add(values: readonly ColumnValue[]): void {
    for (const given of values) {
      const value = bindable(given);
      if (typeof value === 'string') {
        this.#text += value;
        this.#lengths.push(value.length);
      } else if (value === null) {
        this.#lengths.push(NULL);
      } else {
        this.#lengths.push(NUMBER);
        this.#numbers.push(value);
      }
    }
  }

  /** How long all added texts are together, in UTF-16 code units. */
  get length(): number {
    return this.#text.length;
  }

  /** All rows that have been added. */
  pack(): PackedRows {
    return {
      text: this.#text,
      lengths: new Int32Array(this.#lengths),
      numbers: new Float64Array(this.#numbers),
    };
  }
}

/**
 * The rows as SQLite binds them.
 *
 * @param columns - how many values a row has
 */
export function* unpackRows({ text, lengths, numbers }: PackedRows, columns: number): Generator<SqliteRow> {
  let textEnd = 0;
  let numbersEnd = 0;
  for (let start = 0; start < lengths.length; start += columns) {
    // oxlint-disable-next-line unicorn/no-new-array -- V8 fills it in half the time of a list that grows
    const row = new Array<BindableValue>(columns);
    for (let column = 0; column < columns; column += 1) {
      const length = lengths[start + column] as number;
      if (length === NULL) row[column] = null;
      else if (length === NUMBER) row[column] = numbers[numbersEnd++] as number;
      else {
        row[column] = text.slice(textEnd, textEnd + length);
        textEnd += length;
      }
    }
    yield row;
  }
}
