import { expect } from 'chai';
import * as fc from 'fast-check';
import { PrinterStorage, renderInventory, trackUsage } from '../../../src/index.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { makeRecord } from '../../support/records.js';
import { DAY_MS, HOUR_MS, ObservedStorage, keepFor } from '../../support/pruned.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

/** Stores records of these ages, in milliseconds. */
async function storeAged(storage: MemoryStorage, agesMs: readonly number[]): Promise<void> {
  await storage.store(agesMs.map((ageMs) => makeRecord({ date: new Date(NOW - ageMs) })));
}

/** The ages of what a storage holds. */
function agesOf(storage: MemoryStorage): number[] {
  return storage.records.map(({ date }) => NOW - date.getTime());
}

describe('Retention', () => {
  it('deletes what is older than so many times 24 hours, and nothing that is not', async () => {
    const storage = new ObservedStorage();
    await storeAged(storage, [0, DAY_MS, 3 * DAY_MS - 1, 3 * DAY_MS, 3 * DAY_MS + 1, 900 * DAY_MS, -DAY_MS]);
    const { tracker, clock } = keepFor(3, storage);
    expect(storage.records).to.have.lengthOf(7);
    await clock.advance(0);
    expect(agesOf(storage)).to.deep.equal([0, DAY_MS, 3 * DAY_MS - 1, 3 * DAY_MS, -DAY_MS]);
    expect(tracker.stats().retention).to.deep.equal({ deleted: 2, failures: 0, lastRunAt: new Date(NOW) });
    await tracker.close();
  });

  it('deletes in small chunks with pauses between them, the oldest first', async () => {
    const storage = new ObservedStorage();
    await storeAged(
      storage,
      Array.from({ length: 250 }, (_, index) => 2 * DAY_MS + index),
    );
    const { tracker, clock } = keepFor(1, storage);
    await clock.advance(0);
    expect(storage.records).to.have.lengthOf(150);
    expect(Math.max(...agesOf(storage))).to.equal(2 * DAY_MS + 149);
    expect(tracker.stats().retention).to.deep.equal({ deleted: 100, failures: 0, lastRunAt: null });
    await clock.advance(1000);
    expect(storage.records).to.have.lengthOf(0);
    expect(storage.asked.map(({ limit }) => limit)).to.deep.equal([100, 100, 100]);
    expect(tracker.stats().retention?.deleted).to.equal(250);
    await tracker.close();
  });

  it('looks again every hour, by the date that it is then', async () => {
    const storage = new ObservedStorage();
    await storeAged(storage, [DAY_MS - 1.5 * HOUR_MS, DAY_MS - 10 * HOUR_MS]);
    const { tracker, clock } = keepFor(1, storage);
    await clock.advance(0);
    await clock.advance(HOUR_MS - 1);
    expect(storage.asked).to.have.lengthOf(1);
    await clock.advance(1);
    expect(storage.asked.map(({ date }) => date.getTime())).to.deep.equal([
      NOW - DAY_MS,
      NOW - DAY_MS + HOUR_MS,
    ]);
    expect(storage.records).to.have.lengthOf(2);
    await clock.advance(HOUR_MS);
    expect(storage.records).to.have.lengthOf(1);
    expect(tracker.stats().retention?.lastRunAt).to.deep.equal(new Date(NOW + 2 * HOUR_MS));
    await tracker.close();
  });

  it('leaves exactly the records that are within, whatever their dates are', async () => {
    const age = fc.oneof(
      fc.integer({ min: -5, max: 5 }).map((offset) => 30 * DAY_MS + offset),
      fc.integer({ min: -400 * DAY_MS, max: 4000 * DAY_MS }),
    );
    const property = fc.asyncProperty(fc.array(age, { maxLength: 320 }), async (agesMs) => {
      const storage = new ObservedStorage();
      await storeAged(storage, agesMs);
      const { tracker, clock } = keepFor(30, storage);
      // It takes 10 ms a chunk; meanwhile, more grows too old.
      await clock.advance(1000);
      await clock.advance(HOUR_MS);
      const within = agesMs.filter((ageMs) => ageMs <= 30 * DAY_MS - HOUR_MS);
      expect(agesOf(storage)).to.deep.equal(within);
      expect(tracker.stats().retention?.deleted).to.equal(agesMs.length - within.length);
      await tracker.close();
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it('keeps no process alive', async () => {
    const { tracker, clock } = keepFor(1, new ObservedStorage());
    await clock.advance(2 * HOUR_MS);
    expect(clock.keptAlive).to.have.length.greaterThan(2);
    expect(clock.keptAlive).not.to.include(true);
    await tracker.close();
  });

  it('deletes nothing and keeps no process alive without the option', async () => {
    const storage = new ObservedStorage();
    const { tracker, clock } = keepFor(1, storage, { retention: undefined, endpoints: false });
    await clock.advance(48 * HOUR_MS);
    expect(storage.asked).to.deep.equal([]);
    expect(clock.keptAlive).to.not.include(true);
    expect(tracker.stats().retention).to.equal(null);
    await tracker.close();
  });

  it('warns once of a storage that cannot delete, and serves the others', async () => {
    const [printer, storage] = [new PrinterStorage(), new ObservedStorage()];
    // Workers delete where they store what a stream holds, of which it need not know.
    const stream = Object.assign(new PrinterStorage({ name: 'stream' }), { feed: () => null });
    await storeAged(storage, [2 * DAY_MS]);
    const { tracker, clock, warnings, failures } = keepFor(1, [printer, stream, storage]);
    await clock.advance(5 * HOUR_MS);
    expect(warnings).to.have.lengthOf(2);
    expect(warnings[0]).to.include(
      "retention and the storage 'printer': it has no method deleteBefore, and keeps its records",
    );
    expect(warnings[1]).to.include("storage 'memory': old records deleted from it so far: 1;");
    expect(failures).to.deep.equal([]);
    expect(storage.records).to.deep.equal([]);
    await tracker.close();
  });

  it('is in the inventory, storage by storage', async () => {
    const printer = new PrinterStorage();
    const { tracker } = keepFor(395, [new ObservedStorage(), printer]);
    const inventory = tracker.inventory();
    expect(inventory.storages).to.deep.equal([
      { name: 'memory', retentionDays: 395 },
      { name: 'printer', retentionDays: null },
    ]);
    expect(renderInventory(inventory)).to.include(
      '- Stored in: memory (395 days), printer (until deleted)\n',
    );
    await tracker.close();
    const { tracker: other } = trackUsage({
      storage: new ObservedStorage(),
      retention: { records: { days: 1 } },
    });
    expect(renderInventory(other.inventory())).to.include('memory (1 day)\n');
    await other.close();
  });
});
