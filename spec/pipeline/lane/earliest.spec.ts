import { expect } from 'chai';
import { earliest } from '../../../src/pipeline/lane/earliest.js';

describe('earliest', () => {
  it('is the earliest of those moments that are known', () => {
    expect(earliest(3, null, 2)).to.equal(2);
    expect(earliest(null, 0)).to.equal(0);
    expect(earliest(null, null)).to.equal(null);
  });
});
