import { expect } from 'chai';
import { Container } from 'typedi';
import { StorageToken } from '../../src/storage/tokens.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';

describe('StorageToken', () => {
  it('is the same in a second copy of the package', async () => {
    const copy = new URL('../../src/storage/tokens.js?second-copy', import.meta.url);
    const second = (await import(copy.href)) as { StorageToken: typeof StorageToken };
    const storage = new MemoryStorage();
    const container = Container.of('storage-token spec');
    container.set(second.StorageToken, storage);
    expect(second.StorageToken).to.equal(StorageToken);
    expect(container.get(StorageToken)).to.equal(storage);
  });

  it('has a name for error messages', () => {
    expect(StorageToken.name).to.equal('koa-track-usage StorageToken');
  });
});
