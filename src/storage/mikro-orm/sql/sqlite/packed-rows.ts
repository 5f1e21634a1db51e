import type { SqliteRow } from './row.js';

/**
 * Rows on their way to another thread: one text and lists of numbers are copied many times faster than thousands of
 * values.
 */
export interface PackedRows {
  /** All texts, one after the other. */
  readonly text: string;
  /** How long each text is, in UTF-16 code units. */
  readonly lengths: Uint32Array;
  /** All values that are no text. */
  readonly numbers: Float64Array;
  /** {@link HEAD_NUMBERS} a row: which columns are null, which of the values are texts (a bit each), how many values there are. */
  readonly heads: Int32Array;
}

const HEAD_NUMBERS = 3;

/** Packs rows of 32 columns at most. */
export function packRows(rows: readonly SqliteRow[]): PackedRows {
  const heads = new Int32Array(rows.length * HEAD_NUMBERS);
  const texts: string[] = [];
  const numbers: number[] = [];
  for (const [index, { nulls, values }] of rows.entries()) {
    let areTexts = 0;
    for (let place = 0; place < values.length; place += 1) {
      const value = values[place] as string | number;
      if (typeof value === 'string') {
        areTexts |= 1 << place;
        texts.push(value);
      } else {
        numbers.push(value);
      }
    }
    heads.set([nulls, areTexts, values.length], index * HEAD_NUMBERS);
  }
  return {
    text: texts.join(''),
    lengths: Uint32Array.from(texts, ({ length }) => length),
    numbers: Float64Array.from(numbers),
    heads,
  };
}

/** The rows as they were packed. */
export function* unpackRows({ text, lengths, numbers, heads }: PackedRows): Generator<SqliteRow> {
  const position = { text: 0, length: 0, number: 0 };
  for (let head = 0; head < heads.length; head += HEAD_NUMBERS) {
    const [nulls = 0, areTexts = 0, count = 0] = heads.subarray(head, head + HEAD_NUMBERS);
    const values: (string | number)[] = [];
    for (let place = 0; place < count; place += 1) {
      if ((areTexts & (1 << place)) === 0) {
        values.push(numbers[position.number++] as number);
      } else {
        const end = position.text + (lengths[position.length++] as number);
        values.push(text.slice(position.text, end));
        position.text = end;
      }
    }
    yield { nulls, values };
  }
}
