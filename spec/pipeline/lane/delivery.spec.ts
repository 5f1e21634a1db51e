import { expect } from 'chai';
import fc from 'fast-check';
import { TrackUsageError } from '../../../src/errors.js';
import type { LaneObserver } from '../../../src/pipeline/telling/report-lanes.js';
import type { LaneSettings } from '../../../src/pipeline/lane/lane-settings.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { expectBalanced } from '../../support/accounts.js';
import type { FaultyStorage } from '../../support/faulty-storage.js';
import { makeLane } from '../../support/lanes.js';
import { makeRecord } from '../../support/records.js';

/** The longest pause between two attempts, in milliseconds. */
const PAUSE_MS = 30_000;

const SINGLE_BATCH = { maxRecords: 100, maxBytes: 1_000_000, maxDelayMs: 1000 };

function watchedLane(settings: Partial<LaneSettings> = {}) {
  const drops: Parameters<LaneObserver['dropped']>[] = [];
  const failures: Error[] = [];
  const observer: LaneObserver = {
    dropped: (...drop) => void drops.push(drop),
    failed: (_storage, error) => void failures.push(error),
    spoolFailed() {},
    flushed() {},
    recovered() {},
  };
  const queue = { maxRecords: 2000, maxBytes: 1_000_000, overflow: 'drop-newest' } as const;
  return { drops, failures, ...makeLane({ queue, ...settings }, observer) };
}

function poison(storage: FaultyStorage, records: readonly UsageRecord[]): void {
  for (const { id } of records) storage.poison.add(id);
}

/** How storages say that they do not take a record. */
const WAYS: Record<string, (storage: FaultyStorage) => void> = {
  'as a batch': () => {},
  'one by one': (storage) => {
    storage.store = (batch) => {
      storage.batches.push(batch);
      const refused = batch.filter(({ id }) => storage.poison.has(id));
      for (const record of batch) if (!refused.includes(record)) storage.stored.set(record.id, record);
      const refusals = refused.map(({ id }) => ({ id, error: storage.refusal }));
      return Promise.resolve({ stored: batch.length - refused.length, refused: refusals });
    };
  },
};

for (const [title, refuse] of Object.entries(WAYS)) {
  describe(`Delivery to a storage that refuses records ${title}`, () => {
    function refusingLane(settings: Partial<LaneSettings> = {}) {
      const lane = watchedLane(settings);
      refuse(lane.storage);
      return lane;
    }

    it('leaves the storage alone once it has refused sixteen records, and tries fewer again at first', async () => {
      for (const [count, attempts] of [
        [15, 2],
        [16, 1],
      ] as const) {
        const { storage, lane, failures, accept } = refusingLane({ batch: SINGLE_BATCH });
        poison(storage, accept(count));
        await lane.flush();
        const whole = storage.batches.filter(({ length }) => length === count);
        expect([whole.length, failures.length], String(count)).to.deep.equal([attempts, 1]);
      }
    });

    it("drops a bad record among good ones, with the storage's own error, and no other", async () => {
      for (let place = 0; place < 10; place += 1) {
        const { storage, lane, drops, failures, accept } = refusingLane();
        const record = accept(10)[place] as UsageRecord;
        poison(storage, [record]);
        await lane.flush();
        expect(drops).to.deep.equal([['faulty', 'refused', 1, [record], storage.refusal]]);
        expect(drops[0]?.[4]).to.equal(storage.refusal);
        expect(failures).to.deep.equal([]);
      }
    });

    it('drops none of a batch of which every record is refused, says what to do, and stores all when it is mended', async () => {
      const { storage, clock, lane, drops, failures, accept } = refusingLane({
        batch: { maxRecords: 500, maxBytes: 1_000_000, maxDelayMs: 1000 },
      });
      const records = accept(500);
      poison(storage, records);
      await lane.flush();
      expect(failures).to.have.lengthOf(1);
      expect(failures[0]).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      expect(failures[0]?.message).to.match(
        /'faulty' refused all 500 records .*: no such value\. Mend what /,
      );
      const asked = storage.batches.length;
      await clock.advance(PAUSE_MS - 1);
      expect(storage.batches).to.have.lengthOf(asked);
      await clock.advance(1);
      expect(storage.batches).to.have.lengthOf(asked + 1);
      expect(lane.stats()).to.include({ queued: 500, stored: 0 });
      expectBalanced(lane.stats());
      storage.poison.clear();
      await clock.advance(PAUSE_MS);
      expect(lane.stats()).to.include({ queued: 0, stored: 500, failures: 0 });
      expect([...storage.stored.keys()]).to.deep.equal(records.map(({ id }) => id));
      expect(drops).to.deep.equal([]);
    });

    it('keeps a record that is refused alone until the storage takes another, and drops it then', async () => {
      const { storage, clock, lane, drops, failures, accept } = refusingLane();
      const [bad] = accept(1) as [UsageRecord];
      poison(storage, [bad]);
      await clock.advance(200_000);
      expect(lane.stats()).to.include({ queued: 1, stored: 0 });
      expect(failures[0]?.message).to.include('refused the one record that it was given');
      accept(1);
      await clock.advance(PAUSE_MS);
      expect(lane.stats()).to.include({ queued: 0, stored: 1, failures: 0 });
      expect(drops.map(([, reason, , dropped]) => [reason, dropped])).to.deep.equal([['refused', [bad]]]);
    });

    it('stores what was refused alone if the storage takes it by the time that it takes another', async () => {
      const { storage, clock, lane, drops, accept } = refusingLane();
      poison(storage, accept(1));
      await lane.flush();
      storage.poison.clear();
      accept(1);
      await clock.advance(PAUSE_MS);
      expect(lane.stats()).to.include({ stored: 2, queued: 0 });
      expect(drops).to.deep.equal([]);
    });

    it('is not kept waiting by bad records where batches are small', async () => {
      const { storage, clock, lane, drops, failures, accept } = refusingLane({
        batch: { maxRecords: 1, maxBytes: 1_000_000, maxDelayMs: 1000 },
      });
      const records = accept(100);
      const bad = records.filter((_, index) => index % 10 < 7);
      poison(storage, bad);
      await clock.advance(1000);
      expect(lane.stats()).to.include({ stored: 30, queued: 0 });
      expect(drops.flatMap(([, , , dropped]) => dropped)).to.have.members(bad);
      expect(failures).to.deep.equal([]);
    });

    it('goes on where a whole batch is bad and the next is not', async () => {
      const { storage, clock, lane, drops, accept } = refusingLane();
      const bad = accept(40);
      poison(storage, bad);
      accept(40);
      await clock.advance(PAUSE_MS * 3);
      expect(lane.stats()).to.include({ stored: 40, queued: 0 });
      expect(drops.flatMap(([, , , dropped]) => dropped)).to.have.members(bad);
    });

    it('holds no more records than the queue may, however many batches of them are refused', async () => {
      const { storage, clock, lane, accept } = refusingLane({
        queue: { maxRecords: 40, maxBytes: 1_000_000, overflow: 'drop-newest' },
      });
      for (let round = 0; round < 10; round += 1) {
        poison(storage, accept(40));
        await clock.advance(PAUSE_MS);
        expect(lane.stats()).to.include({ queued: 40, inFlight: 0 });
      }
      storage.poison.clear();
      await clock.advance(PAUSE_MS);
      expect(lane.stats()).to.include({ queued: 0, stored: 40 });
      accept(40);
      expect(lane.stats()).to.include({ queued: 40 });
      expect(lane.stats().dropped['queue-full']).to.equal(360);
    });

    it('asks little of a storage that refuses everything, however much waits', async () => {
      const { storage, clock, lane, accept } = refusingLane({
        batch: { maxRecords: 500, maxBytes: 1_000_000, maxDelayMs: 1000 },
      });
      poison(storage, accept(500));
      await lane.flush();
      const asked = storage.batches.length;
      poison(storage, accept(1000));
      await clock.advance(PAUSE_MS);
      expect(storage.batches.length - asked).to.be.at.most(31);
    });

    it('drops as expired what has waited for another too long', async () => {
      const retry = { minDelayMs: 500, maxDelayMs: PAUSE_MS, attemptTimeoutMs: 10_000, maxAgeMs: 60_000 };
      const { storage, clock, lane, drops } = refusingLane({ retry });
      const record = makeRecord({ date: new Date(clock.now()), durationMs: 0 });
      poison(storage, [record]);
      lane.accept(record, 100);
      await clock.advance(100_000);
      expect(drops.map(([, reason, , dropped]) => [reason, dropped])).to.deep.equal([['expired', [record]]]);
      expect(lane.stats()).to.include({ queued: 0 });
    });

    it('gives up what waits for another when the lane ends', async () => {
      const { storage, clock, lane, drops, accept } = refusingLane();
      poison(storage, accept(3));
      await clock.advance(PAUSE_MS * 2);
      poison(storage, accept(2));
      await clock.advance(PAUSE_MS);
      await lane.close(1000);
      await lane.finish(200);
      expect(lane.stats()).to.include({ queued: 0, inFlight: 0 });
      expect(drops.map(([, reason, count]) => [reason, count])).to.deep.equal([['shutdown-timeout', 5]]);
      expectBalanced(lane.stats());
    });

    it('drops the oldest that wait for another, where it is told to', async () => {
      const { storage, clock, lane, drops, accept } = refusingLane({
        queue: { maxRecords: 10, maxBytes: 100_000, overflow: 'drop-oldest' },
      });
      const oldest = accept(3);
      poison(storage, oldest);
      await clock.advance(1000);
      accept(9);
      expect(drops.flatMap(([, , , dropped]) => dropped)).to.deep.equal(oldest.slice(0, 2));
      await clock.advance(PAUSE_MS);
      expect(lane.stats()).to.include({ stored: 9, queued: 0 });
      expectBalanced(lane.stats());
    });

    it('always stores the good and drops the bad once a good one has come', async () => {
      const cases = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(cases, fc.integer({ min: 1, max: 30 }), async (areBad, maxRecords) => {
          const { storage, clock, lane, drops, accept } = refusingLane({
            batch: { maxRecords, maxBytes: 1_000_000, maxDelayMs: 1000 },
          });
          const bad = accept(areBad.length).filter((_, index) => areBad[index]);
          poison(storage, bad);
          await clock.advance(PAUSE_MS);
          if (bad.length === areBad.length) expect(drops).to.deep.equal([]);
          accept(1);
          await clock.advance(PAUSE_MS * 100);
          expect(lane.stats()).to.include({ stored: areBad.length - bad.length + 1, queued: 0 });
          expect(drops.flatMap(([, , , dropped]) => dropped)).to.have.members(bad);
        }),
        { numRuns: 150 },
      );
    });
  });
}
