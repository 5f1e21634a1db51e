import { expect } from 'chai';
import fc from 'fast-check';
import { BLANK } from '../../src/record/fields.js';
import { TEXT_LIMITS } from '../../src/record/limits.js';
import { decodeRecord, encodeRecord } from '../../src/record/wire.js';
import { anyObject } from '../support/arbitrary-json.js';
import { anyRecord } from '../support/arbitrary-records.js';
import { makeRecord } from '../support/records.js';

describe('The wire form of a record', () => {
  it('always comes back as it was, frozen, also what the limits have cut', () => {
    fc.assert(
      fc.property(fc.oneof(anyRecord(), anyRecord(anyObject)), (record) => {
        const decoded = decodeRecord(encodeRecord(record));
        expect(decoded).to.deep.equal(record);
        expect(Object.keys(decoded)).to.deep.equal(Object.keys(record));
        expect(Object.isFrozen(decoded)).to.equal(true);
      }),
    );
  });

  it('keeps the count of what was cut', () => {
    const list = Array.from({ length: 100 }, (_, index) => index);
    const wide = Object.fromEntries(list.map((index) => [`n${index}`, index]));
    const record = makeRecord({ trackVar: { wide, list } });
    expect(record.trackVar).to.have.nested.property('wide.…', 36);
    expect(decodeRecord(encodeRecord(record))).to.deep.equal(record);
  });

  it('fills in the fields that an earlier version did not have', () => {
    const { id, date, path } = makeRecord();
    const decoded = decodeRecord(JSON.stringify({ id, date, path }));
    expect(decoded).to.deep.equal({ ...BLANK, id, date, path });
  });

  it('applies the limits to what somebody wrote by hand', () => {
    const { id, date } = makeRecord();
    const decoded = decodeRecord(JSON.stringify({ id, date, path: 'x'.repeat(10_000) }));
    expect(decoded.path).to.have.length(TEXT_LIMITS.path);
  });

  for (const text of ['', '{}', 'null', '[]', '5', '{"id":"a"}', '{"id":"a","path":"/","date":"never"}']) {
    it(`refuses ${text || 'nothing'}`, () => {
      expect(() => decodeRecord(text)).to.throw();
    });
  }
});
