import { expect } from 'chai';
import fc from 'fast-check';
import { TEXT_LIMITS } from '../../src/record/limits.js';
import { decodeRecord, encodeRecord } from '../../src/record/wire.js';
import { anyRecord } from '../support/arbitrary-records.js';
import { makeRecord } from '../support/records.js';

describe('The wire form of a record', () => {
  it('always comes back as it was, frozen', () => {
    fc.assert(
      fc.property(anyRecord(), (record) => {
        const decoded = decodeRecord(encodeRecord(record));
        expect(decoded).to.deep.equal(record);
        expect(Object.isFrozen(decoded)).to.equal(true);
      }),
    );
  });

  it('fills in the fields that an earlier version did not have', () => {
    const { id, date, path } = makeRecord();
    const decoded = decodeRecord(JSON.stringify({ id, date, path }));
    expect(decoded).to.include({ id, path, weight: 1, status: null, bot: false });
    expect(decoded.userAgent).to.include({ browser: null, string: null });
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
