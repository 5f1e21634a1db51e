import { expect } from 'chai';
import { MemoryStorage, type MemoryStorageOptions } from '../../src/testing/index.js';
import { thrown } from '../support/caught.js';
import { makeRecord, makeRecords } from '../support/records.js';

describe('MemoryStorage', () => {
  it('shows its records in the order in which they came, as the same objects', async () => {
    const storage = new MemoryStorage();
    const records = makeRecords(3).toReversed();
    await storage.store(records);
    expect(storage.records).to.deep.equal(records);
    expect(storage.records[0]).to.equal(records[0]);
  });

  it('shows a list that does not change behind the back of who holds it', async () => {
    const storage = new MemoryStorage();
    const before = storage.records;
    await storage.store([makeRecord()]);
    expect(before).to.deep.equal([]);
    expect(storage.records).to.have.lengthOf(1);
  });

  it('forgets the oldest arrivals beyond maxRecords, within one batch too', async () => {
    const storage = new MemoryStorage({ maxRecords: 3 });
    const records = makeRecords(5);
    await storage.store(records.slice(0, 2));
    await storage.store(records.slice(2, 4));
    expect(storage.records).to.deep.equal(records.slice(1, 4));
    await storage.store(makeRecords(10));
    expect(storage.records).to.have.lengthOf(3);
  });

  it('keeps 10,000 records unless told otherwise', async () => {
    const storage = new MemoryStorage();
    await storage.store(makeRecords(10_001));
    expect(storage.records).to.have.lengthOf(10_000);
  });

  it('is empty after clear, and takes the same records again', async () => {
    const storage = new MemoryStorage();
    const records = makeRecords(2);
    await storage.store(records);
    storage.clear();
    expect(storage.records).to.deep.equal([]);
    expect(await storage.getUsage()).to.deep.equal([]);
    await storage.store(records);
    expect(storage.records).to.deep.equal(records);
  });

  it('is called what it is told to', () => {
    expect(new MemoryStorage().name).to.equal('memory');
    expect(new MemoryStorage({ name: 'copy' }).name).to.equal('copy');
  });

  it('refuses an unknown option', async () => {
    const error = await thrown(() => new MemoryStorage({ max: 5 } as MemoryStorageOptions));
    expect(error.message).to.include("there is no option 'max'");
  });
});
