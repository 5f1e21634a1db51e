import { expect } from 'chai';
import fc from 'fast-check';
import type { UsageRecord } from '../../../../src/record/usage-record.js';
import { RowPacker, unpackRows } from '../../../../src/backends/sql/sqlite/packed-rows.js';
import { rowOf } from '../../../../src/backends/sql/sqlite/row.js';
import type { UsageTable } from '../../../../src/backends/sql/usage-table.js';
import { type ColumnValue, USAGE_COLUMNS } from '../../../../src/backends/mikro-orm/usage-row.js';

/** As many as a row may have. */
const COLUMNS = 32;

/** Columns of which a record has one value each, in a list. */
const columns = Array.from({ length: COLUMNS }, (_, index) => ({
  value: (record: UsageRecord) => (record as unknown as readonly ColumnValue[])[index] ?? null,
}));

function recordOf(values: readonly unknown[]): UsageRecord {
  return values as unknown as UsageRecord;
}

function rowsOf(records: readonly UsageRecord[]): unknown[] {
  const table = { columns } as unknown as UsageTable;
  return records.map((record) => rowOf(table, record));
}

function sent(records: readonly UsageRecord[]): unknown[] {
  const packer = new RowPacker(columns);
  for (const record of records) packer.add(record);
  return [...unpackRows(structuredClone(packer.pack()), COLUMNS)];
}

describe('backends/sql/sqlite/packed-rows', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.date({ noInvalidDate: true }),
    fc.constant(null),
  );
  const record = fc.array(value, { maxLength: COLUMNS }).map(recordOf);

  it('gives every row as it is bound, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        expect(sent(records)).to.deep.equal(rowsOf(records));
      }),
    );
  });

  it('keeps lone surrogates, NUL and empty texts apart', () => {
    const records = [['\uD83D', '\uDE00', '', '\0', ''], [], ['é', 1.5]].map(recordOf);
    expect(sent(records)).to.deep.equal(rowsOf(records));
  });

  it('adds nothing of a record that cannot be a row, and goes on', () => {
    const packer = new RowPacker([
      ...columns.slice(0, 2),
      {
        value: (third: UsageRecord) => {
          const { 2: last } = third as unknown as readonly string[];
          if (last === 'bad') throw new Error('it is bad');
          return last ?? null;
        },
      },
    ]);
    packer.add(recordOf(['a', 1, 'good']));
    expect(() => packer.add(recordOf(['b', 2, 'bad']))).to.throw('it is bad');
    packer.add(recordOf(['c', 3, 'fine']));
    expect(Array.from(unpackRows(packer.pack(), 3), ({ values }) => values)).to.deep.equal([
      ['a', 1, 'good'],
      ['c', 3, 'fine'],
    ]);
  });

  it('has a bit for every column of the table', () => {
    expect(USAGE_COLUMNS).to.have.lengthOf.at.most(COLUMNS);
  });
});
