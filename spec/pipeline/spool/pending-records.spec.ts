import { expect } from 'chai';
import { PendingRecords } from '../../../src/pipeline/spool/pending-records.js';
import { makeRecords } from '../../support/records.js';

describe('pipeline/spool/pending-records', () => {
  it('is first in, first out, and counts records and bytes', () => {
    const pending = new PendingRecords();
    const records = makeRecords(3);
    for (const [index, record] of records.entries()) pending.add(record, 10 ** index);
    expect(pending).to.include({ length: 3, bytes: 111, added: 3 });
    expect(pending.first).to.equal(records[0]);
    expect(pending.peek(2)).to.deep.equal(records.slice(0, 2));
    expect(pending.take(1)).to.deep.equal(records.slice(0, 1));
    expect(pending).to.include({ length: 2, bytes: 110, added: 3 });
    expect(pending.take(Infinity)).to.deep.equal(records.slice(1));
    expect(pending).to.include({ length: 0, bytes: 0, added: 3 });
    expect(pending.first).to.equal(undefined);
  });
});
