import { expect } from 'chai';
import { type UsageStorage, isReadable, isStorage } from '../../src/storage/usage-storage.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';

const nothing = async (): Promise<void> => {};

describe('isReadable', () => {
  const readable = { name: 'own', store: nothing, getUsage: nothing, getUsagePage: nothing, count: nothing };

  it('tells storages that answer every kind of query', () => {
    expect(isReadable(new MemoryStorage())).to.equal(true);
    expect(isReadable({ ...readable, stream: nothing } as unknown as UsageStorage)).to.equal(true);
  });

  for (const method of ['getUsage', 'getUsagePage', 'count', 'stream']) {
    it(`is false without ${method}`, () => {
      const partial = { ...readable, stream: nothing, [method]: undefined } as unknown as UsageStorage;
      expect(isReadable(partial)).to.equal(false);
      expect(isStorage(partial)).to.equal(true);
    });
  }
});
