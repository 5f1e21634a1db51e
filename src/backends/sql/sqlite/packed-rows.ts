import type { UsageRecord } from '../../../record/usage-record.js';
import type { UsageColumn } from '../../mikro-orm/usage-row.js';
import { type SqliteRow, bindable } from './row.js';

/**
 * Rows on their way to another thread: one text and lists of numbers are copied many times faster than thousands of
 * values.
 */
export interface PackedRows {
  /** All texts, one after the other. */
  readonly text: string;
  /** How long each text is, in UTF-16 code units. */
  readonly lengths: Uint32Array;
  /** All values that are not text. */
  readonly numbers: Float64Array;
  /** {@link HEAD_NUMBERS} a row: which columns are null and which are texts, a bit each, the first column's being the lowest. */
  readonly heads: Int32Array;
}

const HEAD_NUMBERS = 2;

/** Packs records as rows, in one go: this is done on the event loop. */
export class RowPacker {
  readonly #columns: readonly Pick<UsageColumn, 'value'>[];
  #text = '';
  readonly #lengths: number[] = [];
  readonly #numbers: number[] = [];
  readonly #heads: number[] = [];

  /** @param columns - 32 at most */
  constructor(columns: readonly Pick<UsageColumn, 'value'>[]) {
    this.#columns = columns;
  }

  /**
   * Adds a record.
   *
   * @throws if something in it cannot be JSON; then it is not added
   */
  add(record: UsageRecord): void {
    const text = this.#text;
    const texts = this.#lengths.length;
    const numbers = this.#numbers.length;
    try {
      this.#add(record);
    } catch (error) {
      this.#text = text;
      this.#lengths.length = texts;
      this.#numbers.length = numbers;
      throw error;
    }
  }

  /** How long all texts are that have been added, in UTF-16 code units. */
  get length(): number {
    return this.#text.length;
  }

  /** What has been added. */
  pack(): PackedRows {
    return {
      text: this.#text,
      lengths: new Uint32Array(this.#lengths),
      numbers: new Float64Array(this.#numbers),
      heads: new Int32Array(this.#heads),
    };
  }

  #add(record: UsageRecord): void {
    let areNull = 0;
    let areTexts = 0;
    let bit = 1;
    for (const column of this.#columns) {
      const value = bindable(column.value(record));
      if (typeof value === 'string') {
        areTexts |= bit;
        this.#text += value;
        this.#lengths.push(value.length);
      } else if (value === null) {
        areNull |= bit;
      } else {
        this.#numbers.push(value);
      }
      bit <<= 1;
    }
    this.#heads.push(areNull, areTexts);
  }
}

/**
 * The rows as they were packed.
 *
 * @param columns - how many the rows have
 */
export function* unpackRows(packed: PackedRows, columns: number): Generator<SqliteRow> {
  const { text, lengths, numbers, heads } = packed;
  const position = { text: 0, length: 0, number: 0 };
  for (let head = 0; head < heads.length; head += HEAD_NUMBERS) {
    const nulls = heads[head] as number;
    const areTexts = heads[head + 1] as number;
    const values: (string | number)[] = [];
    for (let column = 0; column < columns; column += 1) {
      const bit = 1 << column;
      if ((areTexts & bit) !== 0) {
        const end = position.text + (lengths[position.length++] as number);
        values.push(text.slice(position.text, end));
        position.text = end;
      } else if ((nulls & bit) === 0) {
        values.push(numbers[position.number++] as number);
      }
    }
    yield { nulls, values };
  }
}
