import { expect } from 'chai';
import { InstanceNumbers } from '../../src/metrics/open-telemetry.js';

describe('InstanceNumbers', () => {
  it('tell storages of one name apart in the whole process, and stay the same', () => {
    const [one, other] = [new InstanceNumbers(), new InstanceNumbers()];
    expect([one.of(0, 'shop'), one.of(1, 'shop'), other.of(0, 'shop')]).to.deep.equal([1, 2, 3]);
    expect([one.of(0, 'shop'), one.of(1, 'shop'), other.of(0, 'shop')]).to.deep.equal([1, 2, 3]);
    one.release();
    other.release();
  });

  it('count each name for itself', () => {
    const numbers = new InstanceNumbers();
    expect([numbers.of(0, 'sqlite'), numbers.of(1, 'printer')]).to.deep.equal([1, 1]);
    numbers.release();
  });

  it('are used again once they are given back, the lowest first', () => {
    const [first, second, third] = [new InstanceNumbers(), new InstanceNumbers(), new InstanceNumbers()];
    first.of(0, 'shop');
    second.of(0, 'shop');
    first.release();
    first.release();
    expect(third.of(0, 'shop')).to.equal(1);
    expect(first.of(0, 'shop')).to.equal(3);
    for (const numbers of [first, second, third]) numbers.release();
  });
});
