import { expect } from 'chai';
import fc from 'fast-check';
import { RowPacker, unpackRows } from '../../../../src/backends/sql/sqlite/packed-rows.js';
import { bindable } from '../../../../src/backends/sql/sqlite/row-inserter.js';
import type { ColumnValue } from '../../../../src/record/columns.js';
import { anyText } from '../../../support/any-text.js';

function sent(rows: readonly (readonly ColumnValue[])[], columns: number): unknown[] {
  const packer = new RowPacker();
  for (const row of rows) packer.add(row);
  return [...unpackRows(structuredClone(packer.pack()), columns)];
}

const anyValue = fc.oneof(
  anyText(),
  fc.double({ noNaN: true }),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(null, ''),
);

/** Rows of so many values as there are columns. */
function rowsOf(columns: number): fc.Arbitrary<ColumnValue[][]> {
  return fc.array(fc.array(anyValue, { minLength: columns, maxLength: columns, size: 'max' }), {
    maxLength: 20,
  });
}

describe('backends/sql/sqlite/packed-rows', () => {
  for (const columns of [1, 31, 32, 33, 64, 65, 100]) {
    it(`gives every row of ${columns} columns as it is bound, whatever is in it`, () => {
      fc.assert(
        fc.property(rowsOf(columns), (rows) => {
          expect(sent(rows, columns)).to.deep.equal(rows.map((row) => row.map(bindable)));
        }),
        { numRuns: 30 },
      );
    });

    it(`tells null, false, true and texts apart in each of ${columns} columns`, () => {
      const places = Array.from({ length: columns }, (_, column) => column);
      for (const [value, others] of [
        [null, false],
        [null, ''],
        [true, null],
        ['a', null],
        [false, 'b'],
        [true, false],
      ] as const) {
        const rows = places.map((place) => places.map((column) => (column === place ? value : others)));
        expect(sent(rows, columns)).to.deep.equal(rows.map((row) => row.map(bindable)));
      }
    });
  }

  it('keeps lone surrogates, NUL and empty texts apart', () => {
    const rows = [
      ['\uD83D', '\uDE00', '', '\0', ''],
      ['', 'é', 1.5, null, '\0'],
    ];
    expect(sent(rows, 5)).to.deep.equal(rows);
  });

  it('says how long the texts are', () => {
    const packer = new RowPacker();
    packer.add(['ab', 1, null, 'é']);
    packer.add(['', 2, 'c', null]);
    expect(packer.length).to.equal(4);
  });
});
