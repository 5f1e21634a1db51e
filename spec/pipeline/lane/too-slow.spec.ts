import { expect } from 'chai';
import fc from 'fast-check';
import { TrackUsageError } from '../../../src/errors.js';
import { noDrops } from '../../../src/pipeline/telling/accounting.js';
import { expectBalanced } from '../../support/accounts.js';
import { makeLane } from '../../support/lanes.js';

/** How a storage says that so many records took too long: by itself, or by no answer at all. */
type Way = 'says so' | 'hangs';

/** A lane into a storage that takes so many records in time, and whatever else the books say at every call. */
function slowLane(most: number, way: Way, maxRecords = 500) {
  const lane = makeLane({
    queue: { maxRecords: 5000, maxBytes: 10_000_000, overflow: 'drop-newest' },
    batch: { maxRecords, maxBytes: 1_000_000, maxDelayMs: 1000 },
  });
  const limit = { most };
  const sizes: number[] = [];
  const { storage } = lane;
  const store = storage.store.bind(storage);
  storage.store = (batch, signal) => {
    sizes.push(batch.length);
    expectBalanced(lane.lane.stats());
    if (batch.length <= limit.most) return store(batch, signal);
    if (way === 'hangs') return new Promise(() => {});
    return Promise.reject(new TrackUsageError('STORAGE_TIMEOUT', 'the server ended the statement'));
  };
  return { ...lane, limit, sizes };
}

for (const way of ['says so', 'hangs'] as const) {
  describe(`A lane into a storage that is too slow for a whole batch, and ${way}`, () => {
    it('sends smaller pieces after the second time-out, and stores each record once, with its id', async () => {
      const { clock, storage, lane, sizes, accept } = slowLane(125, way);
      const records = accept(500);
      await clock.advance(600_000);
      expect(sizes.slice(0, 4)).to.deep.equal([500, 500, 250, 125]);
      expect(storage.batches.flat()).to.deep.equal(records);
      expect(lane.stats()).to.include({ stored: 500, queued: 0, inFlight: 0, failures: 0 });
      expect(lane.stats().dropped).to.deep.equal(noDrops());
    });

    it('goes down to one record, and drops none, however long that takes too long', async () => {
      const { clock, storage, lane, limit, sizes, accept } = slowLane(0, way, 10);
      const records = accept(25);
      await clock.advance(3_600_000);
      expect(sizes.slice(0, 7)).to.deep.equal([10, 10, 5, 3, 2, 1, 1]);
      const { stored, queued, inFlight } = lane.stats();
      expect([stored, queued + inFlight]).to.deep.equal([0, 25]);
      expect(lane.stats().dropped).to.deep.equal(noDrops());
      limit.most = 10;
      await clock.advance(60_000);
      expect(storage.batches.flat()).to.deep.equal(records);
      accept(30);
      await clock.advance(60_000);
      expect(sizes.slice(-3)).to.deep.equal([10, 10, 10]);
    });

    it('keeps its books at every instant, whatever the storage takes', async () => {
      const steps = fc.array(
        fc.record({
          count: fc.integer({ min: 0, max: 60 }),
          most: fc.integer({ min: 0, max: 40 }),
          advanceMs: fc.integer({ min: 0, max: 90_000 }),
        }),
        { maxLength: 12 },
      );
      const property = fc.asyncProperty(steps, fc.integer({ min: 1, max: 40 }), async (given, maxRecords) => {
        const { clock, storage, lane, limit, accept } = slowLane(0, way, maxRecords);
        const ids: string[] = [];
        for (const { count, most, advanceMs } of given) {
          limit.most = most;
          ids.push(...accept(count).map(({ id }) => id));
          await clock.advance(advanceMs);
          expectBalanced(lane.stats());
        }
        limit.most = 40;
        await clock.advance(3_600_000);
        expect(lane.stats()).to.include({ stored: ids.length, queued: 0, inFlight: 0 });
        expect([...storage.stored.keys()].toSorted()).to.deep.equal(ids.toSorted());
      });
      await fc.assert(property, { numRuns: 60 });
    });
  });
}

describe('A lane into a storage that fails for another reason than time', () => {
  it('sends the batch unchanged', async () => {
    const { clock, storage, accept } = makeLane();
    storage.mood = 'reject';
    accept(10);
    await clock.advance(3_600_000);
    expect(storage.batches.length).to.be.greaterThan(5);
    for (const batch of storage.batches) expect(batch).to.have.lengthOf(10);
  });

  it('drops alone what is refused in a piece that was too slow with others', async () => {
    const { clock, storage, lane, accept } = slowLane(3, 'says so', 10);
    const records = accept(10);
    const [, bad] = records;
    storage.poison.add(bad?.id ?? '');
    await clock.advance(3_600_000);
    expect(lane.stats()).to.include({ stored: 9, queued: 0 });
    expect(lane.stats().dropped.refused).to.equal(1);
  });
});
