import { expect } from 'chai';
import * as fc from 'fast-check';
import { type TrackUsageOptions, resolveTrackerOptions } from '../../../src/options/tracker-options.js';
import { type LaneSettings, batchFor, queueFor } from '../../../src/pipeline/lane/lane-settings.js';
import { Pipeline } from '../../../src/pipeline/pipeline.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import type { StoreResult } from '../../../src/storage/usage-storage.js';
import { expectBalanced } from '../../support/accounts.js';
import { makeRecords } from '../../support/records.js';

const MIB = 1_048_576;

/** A storage that wishes for batches, and notes how many records they had. */
class WishingStorage extends MemoryStorage {
  readonly batch = { maxRecords: 20, maxDelayMs: 10_000 };
  readonly sizes: number[] = [];

  override store(records: readonly UsageRecord[]): Promise<StoreResult> {
    this.sizes.push(records.length);
    return super.store(records);
  }
}

describe('the batches that a storage wishes for', () => {
  async function sizesOf(
    count: number,
    options: TrackUsageOptions,
    waitMs: number,
  ): Promise<readonly number[]> {
    const clock = new ManualClock();
    const storage = new WishingStorage();
    const settings = resolveTrackerOptions({ clock, serverName: 'spec', ...options });
    const pipeline = new Pipeline(settings, () => [storage]);
    for (const record of makeRecords(count)) pipeline.accept(record);
    await clock.advance(waitMs);
    expectBalanced(pipeline.stats());
    const sizes = [...storage.sizes];
    await pipeline.close(1000);
    expect(pipeline.stats()).to.include({ accepted: count, stored: count, queued: 0, inFlight: 0 });
    return sizes;
  }

  /** The batches and the queue of a storage, under its wish. */
  function roomFor(
    options: TrackUsageOptions,
    wish?: WishingStorage['batch'],
  ): Pick<LaneSettings, 'batch' | 'queue'> {
    const settings = resolveTrackerOptions(options);
    const batch = batchFor({ batch: wish } as WishingStorage, settings);
    return { batch, queue: queueFor(settings.queue, batch) };
  }

  it('are as large and as late as it says', async () => {
    expect(await sizesOf(50, {}, 9999)).to.deep.equal([20, 20]);
    expect(await sizesOf(50, {}, 10_000)).to.deep.equal([20, 20, 10]);
  });

  it('yield to what the application says, option by option', async () => {
    expect(await sizesOf(50, { batch: { maxRecords: 30 } }, 9999)).to.deep.equal([30]);
    expect(await sizesOf(30, { batch: { maxDelayMs: 500 } }, 500)).to.deep.equal([20, 10]);
  });

  it('take no more than half of the queue', async () => {
    expect(await sizesOf(16, { queue: { maxRecords: 16 } }, 1)).to.deep.equal([16]);
    expect(await sizesOf(7, { queue: { maxRecords: 16 } }, 1)).to.deep.equal([]);
  });

  it('find room in the queue, however large they are, unless the application says how much there is', () => {
    const large = { maxRecords: 10_000, maxDelayMs: 10_000 };
    const { batch, queue } = roomFor({}, large);
    expect(batch).to.deep.equal({ ...large, maxBytes: 16_000_000 });
    expect(queue).to.include({ maxRecords: 20_000, maxBytes: 32_000_000 });
    expect(roomFor({ batch: { maxRecords: 10_000 } })).to.deep.equal({
      batch: { ...batch, maxDelayMs: 1000 },
      queue,
    });
    expect(roomFor({ batch: { maxBytes: 9 * MIB } }).queue).to.include({
      maxRecords: 10_000,
      maxBytes: 18 * MIB,
    });
    const given = { maxRecords: 5000, maxBytes: MIB };
    expect(roomFor({ queue: given }, large).queue).to.include(given);
  });

  it('are due before a record expires, whatever is wished for', () => {
    const count = fc.integer({ min: 1, max: 10_000 });
    const delay = fc.integer({ min: 1, max: 3_600_000 });
    const age = fc.integer({ min: 1000, max: 10_000_000 });
    const property = fc.property(count, delay, age, (maxRecords, maxDelayMs, maxAgeMs) => {
      const settings = resolveTrackerOptions({ retry: { maxAgeMs } });
      const batch = batchFor({ batch: { maxRecords, maxDelayMs } } as WishingStorage, settings);
      expect(batch.maxRecords).to.equal(maxRecords);
      expect(batch.maxDelayMs).to.be.at.most(maxDelayMs).and.below(maxAgeMs);
    });
    fc.assert(property);
  });

  it('are 500 records or a second where neither says anything', () => {
    const { batch, queue } = roomFor({});
    expect(batch).to.deep.equal({ maxRecords: 500, maxBytes: 4 * MIB, maxDelayMs: 1000 });
    expect(queue).to.deep.equal({ maxRecords: 10_000, maxBytes: 16 * MIB, overflow: 'drop-newest' });
  });
});
