import { expect } from 'chai';
import fc from 'fast-check';
import { PieceSize } from '../../../src/pipeline/lane/piece-size.js';

/** Hands pieces to a storage that takes so many records in time, and says how large they were. */
function hand(size: PieceSize, most: number, times: number): number[] {
  return Array.from({ length: times }, () => {
    const { records } = size;
    if (records > most) size.timedOut(records);
    else size.taken(records);
    return records;
  });
}

describe('PieceSize', () => {
  it('is that of a batch until the second time-out in a row, and then halved down to one record', () => {
    const size = new PieceSize(10);
    expect(hand(size, 0, 8)).to.deep.equal([10, 10, 5, 3, 2, 1, 1, 1]);
  });

  it('stays with a time-out now and then', () => {
    const size = new PieceSize(10);
    for (let round = 0; round < 5; round += 1) {
      size.timedOut(10);
      size.taken(3);
    }
    expect(size.records).to.equal(10);
  });

  it('is doubled with each piece that is stored, up to that of a batch', () => {
    const size = new PieceSize(500);
    hand(size, 0, 20);
    expect(hand(size, 500, 11)).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500]);
  });

  it('is not doubled for pieces that were smaller anyway', () => {
    const size = new PieceSize(10);
    hand(size, 0, 2);
    for (let round = 0; round < 5; round += 1) size.taken(4);
    expect(size.records).to.equal(5);
  });

  it('tries more and more seldom what has been too much, and not so once a whole batch was stored', () => {
    const size = new PieceSize(16);
    const tried = hand(size, 5, 300);
    const trials = tried.flatMap((records, index) => (records > 5 ? [index] : [])).slice(3);
    expect(trials.length).to.be.within(4, 9);
    const pauses = trials.slice(1).map((index, place) => index - (trials[place] as number));
    expect(pauses).to.deep.equal(pauses.toSorted((one, other) => one - other));
    hand(size, 16, 600);
    expect(size.records).to.equal(16);
    hand(size, 0, 20);
    expect(hand(size, 16, 5)).to.deep.equal([1, 2, 4, 8, 16]);
  });

  it('comes to a size that is stored, whatever was before', () => {
    const sizes = fc.integer({ min: 1, max: 10_000 });
    const property = fc.property(
      sizes,
      fc.array(fc.integer({ min: 0, max: 10_000 })),
      sizes,
      (max, before, most) => {
        const size = new PieceSize(max);
        for (const bound of before) hand(size, bound, 3);
        const tried = hand(size, most, 400);
        expect(Math.min(...tried)).to.be.at.least(1);
        expect(Math.max(...tried)).to.be.at.most(max);
        const isTaken = tried.slice(40).filter((records) => records <= most);
        expect(isTaken.length).to.be.at.least(330);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });
});
