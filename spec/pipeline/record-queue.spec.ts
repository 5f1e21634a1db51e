import { expect } from 'chai';
import fc from 'fast-check';
import { RecordQueue } from '../../src/pipeline/record-queue.js';
import { makeRecord, makeRecords } from '../support/records.js';

describe('RecordQueue', () => {
  it('is first in, first out, and counts records and bytes', () => {
    const queue = new RecordQueue();
    const records = makeRecords(3);
    for (const [index, record] of records.entries()) queue.push(record, 100 + index);
    expect(queue).to.include({ length: 3, bytes: 303, taken: 0 });
    expect(queue.first).to.equal(records[0]);
    expect(queue.peek(2)).to.deep.equal(records.slice(0, 2));
    expect(queue.take(2)).to.deep.equal({ records: records.slice(0, 2), sizes: [100, 101], sinceMs: 0 });
    expect(queue).to.include({ length: 1, bytes: 102, taken: 2 });
    expect(queue.peek(5)).to.deep.equal(records.slice(2));
    expect(queue.take(Infinity).records).to.deep.equal(records.slice(2));
    expect(queue).to.include({ length: 0, bytes: 0, taken: 3, first: undefined });
  });

  it('hands out no more than so many bytes, but at least one record', () => {
    const queue = new RecordQueue();
    for (const bytes of [300, 40, 40, 40]) queue.push(makeRecord(), bytes);
    expect(queue.take(9, 100)).to.deep.include({ sizes: [300] });
    expect(queue.take(9, 80)).to.deep.include({ sizes: [40, 40] });
    expect(queue.take(9, 100)).to.deep.include({ sizes: [40] });
  });

  it('says by when records had come, as far as that was noted, and hands out no others with them', () => {
    const queue = new RecordQueue();
    const push = (count: number): void => makeRecords(count).forEach((record) => queue.push(record, 10));
    push(3);
    queue.mark(100, 50);
    push(2);
    queue.mark(149, 50);
    push(1);
    queue.mark(150, 50);
    push(4);
    const take = (count: number): [number, number] => {
      const { sizes, sinceMs } = queue.take(count, Infinity, 999);
      return [sizes.length, sinceMs];
    };
    expect([take(2), take(9), take(2), take(9), take(9), take(9)]).to.deep.equal([
      [2, 100],
      [1, 100],
      [2, 150],
      [1, 150],
      [4, 999],
      [0, 999],
    ]);
    push(1);
    expect(take(9)).to.deep.equal([1, 999]);
    push(1);
    queue.mark(300, 50);
    push(1);
    expect(queue.take(Infinity).records).to.have.lengthOf(2);
  });

  it('always behaves like a list that is cut from the front', () => {
    const record = makeRecord();
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new RecordQueue();
        const model: number[] = [];
        let taken = 0;
        for (const now of steps) {
          if ('take' in now) {
            const sizes = model.splice(0, now.take);
            taken += sizes.length;
            expect(queue.take(now.take)).to.deep.include({ sizes });
          } else {
            queue.push(record, now.push);
            model.push(now.push);
          }
          const bytes = model.reduce((sum, size) => sum + size, 0);
          expect(queue).to.include({ length: model.length, bytes, taken });
        }
      }),
    );
  });
});
