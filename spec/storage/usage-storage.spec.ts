import { expect } from 'chai';
import { isStorage } from '../../src/storage/usage-storage.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';

const store = async (): Promise<void> => {};

describe('isStorage', () => {
  it('tells what has a name and takes batches, whether it can be read or not', () => {
    expect(isStorage(new MemoryStorage())).to.equal(true);
    expect(isStorage({ name: 'own', store })).to.equal(true);
  });

  for (const wrong of [undefined, null, 'sqlite', { store }, { name: '', store }, { name: 'own' }]) {
    it(`is false for ${JSON.stringify(wrong)}`, () => {
      expect(isStorage(wrong)).to.equal(false);
    });
  }

  it('is false for what only reads', () => {
    expect(isStorage({ name: 'own', reader: new MemoryStorage() })).to.equal(false);
  });
});
