import { expect } from 'chai';
import fc from 'fast-check';
import { packRows, unpackRows } from '../../../../../src/storage/mikro-orm/sql/sqlite/packed-rows.js';
import { USAGE_COLUMNS } from '../../../../../src/storage/mikro-orm/usage-row.js';

describe('storage/mikro-orm/sql/sqlite/packed-rows', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true }), fc.maxSafeInteger());
  const row = fc.record({ nulls: fc.nat(), values: fc.array(value, { maxLength: 32 }) });

  it('gives every row back as it was, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        const sent = structuredClone(packRows(rows));
        expect([...unpackRows(sent)]).to.deep.equal(rows);
      }),
    );
  });

  it('keeps lone surrogates, NUL and empty texts apart', () => {
    const rows = [
      { nulls: 0, values: ['\uD83D', '\uDE00', '', '\0', ''] },
      { nulls: 5, values: [] },
      { nulls: -1, values: ['é', 1.5] },
    ];
    expect([...unpackRows(packRows(rows))]).to.deep.equal(rows);
  });

  it('has a bit for every column of the table', () => {
    expect(USAGE_COLUMNS).to.have.lengthOf.at.most(32);
  });
});
