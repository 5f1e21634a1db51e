import { expect } from 'chai';
import { Parcel } from '../../../src/pipeline/lane/parcel.js';
import { makeRecord } from '../../support/records.js';

function makeParcel(count: number) {
  const records = Array.from({ length: count }, (_, index) => makeRecord({ date: new Date(index * 1000) }));
  const settled: number[] = [];
  const batch = {
    records,
    isSpooled: false,
    sinceMs: 0,
    settle: (number: number) => void settled.push(number),
  };
  const parcel = new Parcel(batch, 0);
  return { records, settled, parcel };
}

describe('Parcel', () => {
  it('is one piece, which a storage cannot take records out of', () => {
    const { records, parcel } = makeParcel(3);
    expect(parcel.piece).to.deep.equal(records);
    expect(Object.isFrozen(parcel.piece)).to.equal(true);
    expect(() => (parcel.piece as unknown[]).pop()).to.throw(TypeError);
  });

  it('is settled piece by piece after it was divided', () => {
    const { records, settled, parcel } = makeParcel(5);
    for (const count of [3, 2]) parcel.divide(count);
    expect(parcel.piece).to.deep.equal(records.slice(0, 2));
    while (parcel.length > 0) parcel.settlePiece();
    expect(settled).to.deep.equal([2, 1, 2]);
    expect(parcel.oldestMs).to.equal(null);
  });

  it('gives up its oldest record, in whatever piece it is', () => {
    const { records, settled, parcel } = makeParcel(3);
    parcel.divide(2);
    expect([parcel.takeFirst(), parcel.takeFirst()]).to.deep.equal(records.slice(0, 2));
    expect(parcel).to.include({ length: 1, oldestMs: 2000 });
    expect([parcel.takeFirst(), parcel.takeFirst()]).to.deep.equal([records[2], null]);
    expect(parcel).to.include({ length: 0, oldestMs: null });
    expect(settled).to.deep.equal([1, 1, 1]);
  });

  it('leaves what is put off until nothing else is left, and makes one piece of it, in its order', () => {
    const { records, settled, parcel } = makeParcel(5);
    for (const count of [3, 2]) parcel.divide(count);
    const refusal = new Error('no');
    parcel.putOff(refusal);
    expect(parcel).to.include({ isPutOff: false, length: 5, refusal });
    expect(parcel.piece).to.deep.equal(records.slice(2, 3));
    parcel.settlePiece();
    parcel.putOff(refusal);
    expect(parcel).to.include({ isPutOff: true, isSuspect: false, length: 4 });
    parcel.regroup();
    expect(parcel).to.include({ isPutOff: false, isSuspect: true });
    expect(parcel.piece).to.deep.equal([...records.slice(0, 2), ...records.slice(3)]);
    expect(Object.isFrozen(parcel.piece)).to.equal(true);
    parcel.settlePiece();
    expect(settled).to.deep.equal([1, 4]);
  });
});
