import { expect } from 'chai';
import fc from 'fast-check';
import { RecordQueue } from '../../../src/pipeline/lane/record-queue.js';
import { makeRecord } from '../../support/records.js';

const NOTHING_HELD = { records: 0, bytes: 0 };

describe('RecordQueue', () => {
  it('is first in, first out, and counts records and bytes', () => {
    const queue = new RecordQueue({ maxRecords: 10, maxBytes: 1000 });
    const records = [makeRecord(), makeRecord(), makeRecord()];
    for (const [index, record] of records.entries()) queue.push(record, 100 + index, NOTHING_HELD);
    expect(queue).to.include({ length: 3, bytes: 303 });
    expect(queue.peek()).to.equal(records[0]);
    expect(queue.take(2, Infinity)).to.deep.equal({ records: records.slice(0, 2), sizes: [100, 101] });
    expect(queue).to.include({ length: 1, bytes: 102 });
    expect(queue.take(5, Infinity).records).to.deep.equal(records.slice(2));
    expect(queue.peek()).to.equal(undefined);
  });

  it('takes as much as its bounds allow, to the record and to the byte', () => {
    const queue = new RecordQueue({ maxRecords: 2, maxBytes: 100 });
    expect(queue.push(makeRecord(), 101, NOTHING_HELD)).to.equal(false);
    expect(queue.push(makeRecord(), 60, NOTHING_HELD)).to.equal(true);
    expect(queue.push(makeRecord(), 41, NOTHING_HELD)).to.equal(false);
    expect(queue.push(makeRecord(), 40, NOTHING_HELD)).to.equal(true);
    expect(queue.push(makeRecord(), 0, NOTHING_HELD)).to.equal(false);
  });

  it('hands out no more than so many bytes, but at least one record', () => {
    const queue = new RecordQueue({ maxRecords: 9, maxBytes: 1000 });
    for (const bytes of [300, 40, 40, 40]) queue.push(makeRecord(), bytes, NOTHING_HELD);
    expect(queue.take(9, 100)).to.deep.include({ sizes: [300] });
    expect(queue.take(9, 80)).to.deep.include({ sizes: [40, 40] });
    expect(queue.take(9, 100)).to.deep.include({ sizes: [40] });
  });

  it('always behaves like a list that is cut from the front', () => {
    const record = makeRecord();
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new RecordQueue({ maxRecords: 20, maxBytes: 400 });
        const model: number[] = [];
        const bytes = (): number => model.reduce((sum, size) => sum + size, 0);
        for (const now of steps) {
          if ('take' in now) {
            const taken = model.splice(0, now.take);
            expect(queue.take(now.take, Infinity)).to.deep.include({ sizes: taken });
          } else {
            const fits = model.length < 20 && bytes() + now.push <= 400;
            expect(queue.push(record, now.push, NOTHING_HELD)).to.equal(fits);
            if (fits) model.push(now.push);
          }
          expect(queue).to.include({ length: model.length, bytes: bytes() });
        }
      }),
    );
  });
});
