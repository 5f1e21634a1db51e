import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import type { DropReason } from '../../../src/pipeline/telling/accounting.js';
import type { LaneObserver } from '../../../src/pipeline/telling/report-lanes.js';
import type { LaneSettings } from '../../../src/pipeline/lane/lane-settings.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { expectBalanced } from '../../support/accounts.js';
import { makeLane, withRandom } from '../../support/lanes.js';
import { makeRecord } from '../../support/records.js';

class Observed implements LaneObserver {
  readonly drops: { reason: DropReason; records: readonly UsageRecord[]; error: Error | null }[] = [];
  readonly failures: Error[] = [];
  readonly flushes: number[] = [];
  readonly recoveries: number[] = [];

  dropped(
    _storage: string,
    reason: DropReason,
    _count: number,
    records: readonly UsageRecord[],
    error: Error | null,
  ): void {
    this.drops.push({ reason, records, error });
  }

  failed(_storage: string, error: Error): void {
    this.failures.push(error);
  }

  spoolFailed(_storage: string, error: Error): void {
    this.failures.push(error);
  }

  flushed(_storage: string, stored: number): void {
    this.flushes.push(stored);
  }

  recovered(_storage: string, failures: number): void {
    this.recoveries.push(failures);
  }
}

function setUp(settings: Partial<LaneSettings> = {}) {
  const observed = new Observed();
  const queue = { maxRecords: 100, maxBytes: 100_000, overflow: 'drop-newest' } as const;
  return { observed, ...makeLane({ queue, ...settings }, observed) };
}

describe('StorageLane', () => {
  it('hands a record over when it has waited for the batch delay, and not before', async () => {
    const { clock, storage, lane, accept } = setUp();
    accept(3);
    await clock.advance(999);
    expect(storage.batches).to.have.length(0);
    expect(lane.stats()).to.include({ accepted: 3, queued: 3, stored: 0 });
    await clock.advance(1);
    expect(storage.batches.map((batch) => batch.length)).to.deep.equal([3]);
    expect(lane.stats()).to.include({ queued: 0, inFlight: 0, stored: 3 });
  });

  it('never calls the storage while a record is accepted, full batch or not', async () => {
    const { clock, storage, accept } = setUp();
    accept(35);
    expect(storage.batches).to.have.length(0);
    await clock.advance(0);
    expect(storage.batches.map((batch) => batch.length)).to.deep.equal([10, 10, 10]);
    await clock.advance(1000);
    expect(storage.batches.map((batch) => batch.length)).to.deep.equal([10, 10, 10, 5]);
  });

  it('keeps records in their order', async () => {
    const { lane, storage } = setUp();
    const records = Array.from({ length: 25 }, () => makeRecord());
    for (const record of records) lane.accept(record, 100);
    await lane.flush();
    expect([...storage.stored.keys()]).to.deep.equal(records.map(({ id }) => id));
  });

  it('stores what a flush was called for, at whatever moment of another attempt it came', async () => {
    for (let moment = 0; moment < 20; moment += 1) {
      const { storage, lane, accept } = setUp();
      storage.mood = 'hang';
      accept(1);
      const first = lane.flush();
      await Promise.resolve();
      storage.mood = 'store';
      storage.release();
      for (let ticks = 0; ticks < moment; ticks += 1) await Promise.resolve();
      accept(1);
      await lane.flush();
      expect(lane.stats(), `${moment} microtasks later`).to.include({ stored: 2, queued: 0 });
      await first;
    }
  });

  it('goes on with what came later when the batch that failed has expired', async () => {
    const { clock, storage, lane } = setUp({
      retry: { minDelayMs: 500, maxDelayMs: 1000, attemptTimeoutMs: 10_000, maxAgeMs: 5000 },
    });
    storage.mood = 'reject';
    lane.accept(makeRecord({ date: new Date(clock.now()) }), 100);
    await clock.advance(20_000);
    expect(lane.stats().dropped.expired).to.equal(1);
    storage.mood = 'store';
    lane.accept(makeRecord({ date: new Date(clock.now()) }), 100);
    await clock.advance(2000);
    expect(lane.stats()).to.include({ stored: 1, queued: 0, failures: 0 });
  });

  it('hands records over when they are as large as a batch may be', async () => {
    const { clock, storage, accept } = setUp({
      batch: { maxRecords: 10, maxBytes: 1000, maxDelayMs: 60_000 },
    });
    accept(2, 400);
    await clock.advance(0);
    expect(storage.batches).to.have.length(0);
    accept(1, 400);
    await clock.advance(0);
    expect(storage.batches.map((batch) => batch.length)).to.deep.equal([2]);
  });

  for (const [what, queue] of [
    ['records', { maxRecords: 8, maxBytes: 100_000 }],
    ['bytes', { maxRecords: 100, maxBytes: 800 }],
  ] as const) {
    it(`hands records over before a queue that is smaller than a batch is full of ${what}`, async () => {
      const { clock, storage, lane, accept } = setUp({
        queue: { ...queue, overflow: 'drop-newest' },
        batch: { maxRecords: 10, maxBytes: 100_000, maxDelayMs: 60_000 },
      });
      for (let turn = 0; turn < 20; turn += 1) {
        accept(2);
        await clock.advance(0);
      }
      expect(storage.stored.size).to.equal(40);
      expect(lane.stats()).to.include({ accepted: 40, stored: 40 });
    });
  }

  it('sets no timer while nothing waits', async () => {
    const { clock, lane, accept } = setUp();
    expect(clock.pendingTimers).to.equal(0);
    accept(1);
    await lane.flush();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('drops the newest when the queue is full by records', async () => {
    const { lane, observed, accept } = setUp({
      queue: { maxRecords: 5, maxBytes: 100_000, overflow: 'drop-newest' },
    });
    accept(7);
    expect(lane.stats()).to.include({ accepted: 7, queued: 5 });
    expect(lane.stats().dropped['queue-full']).to.equal(2);
    expect(observed.drops.map(({ reason }) => reason)).to.deep.equal(['queue-full', 'queue-full']);
    expectBalanced(lane.stats());
  });

  it('drops the newest when the queue is full by bytes, and alone what is larger than the queue', () => {
    const { lane, accept } = setUp({ queue: { maxRecords: 100, maxBytes: 1000, overflow: 'drop-newest' } });
    accept(1, 1001);
    accept(2, 400);
    accept(1, 300);
    accept(1, 200);
    expect(lane.stats().dropped).to.include({ 'too-large': 1, 'queue-full': 1 });
    expect(lane.stats().queued).to.equal(3);
  });

  it('counts the batch in flight against the bounds', async () => {
    const { clock, storage, lane, accept } = setUp({
      queue: { maxRecords: 12, maxBytes: 100_000, overflow: 'drop-newest' },
    });
    storage.mood = 'hang';
    accept(10);
    await clock.advance(0);
    expect(lane.stats()).to.include({ inFlight: 10, queued: 0 });
    accept(3);
    expect(lane.stats()).to.include({ inFlight: 10, queued: 2 });
    expect(lane.stats().dropped['queue-full']).to.equal(1);
    expectBalanced(lane.stats());
  });

  it('tries a failed batch again, unchanged and first', async () => {
    const { clock, storage, observed, lane, accept } = setUp();
    storage.mood = 'reject';
    accept(4);
    await clock.advance(1000);
    expect(lane.stats()).to.include({ queued: 4, inFlight: 0, retries: 1 });
    expect(lane.stats().lastError?.message).to.equal(storage.error.message);
    accept(2);
    storage.mood = 'store';
    await clock.advance(500);
    expect(storage.batches[1]).to.deep.equal(storage.batches[0]);
    expect(observed.recoveries).to.deep.equal([1]);
    await clock.advance(1000);
    expect(lane.stats()).to.include({ stored: 6, queued: 0 });
  });

  it('makes no attempt more often than the pauses allow', async () => {
    const { clock, storage, accept } = setUp();
    storage.mood = 'reject';
    accept(1);
    await clock.advance(600_000);
    // At most 30 s apart once the ceiling is reached, and never at once: full jitter makes it random in between.
    expect(storage.batches.length).to.be.within(20, 200);
  });

  for (const random of [0.1, 0.5, 0.9]) {
    it(`pauses for ${random} of the longest pause when chance says so, after every failure`, async () => {
      const { clock, storage, accept } = setUp();
      storage.mood = 'reject';
      accept(1);
      await withRandom(
        () => random,
        async () => {
          await clock.advance(1000);
          for (const [index, ceilingMs] of [500, 1000, 2000, 4000, 8000].entries()) {
            await clock.advance(random * ceilingMs - 1);
            expect(storage.batches).to.have.length(index + 1);
            await clock.advance(1);
            expect(storage.batches).to.have.length(index + 2);
          }
        },
      );
    });
  }

  for (const [what, mood, error] of [
    ['a person has to act first', 'reject', new TrackUsageError('STORAGE_SETUP', 'no such table')],
    ['the storage breaks its contract, and may store the batch twice', 'garbage', new Error('not thrown')],
  ] as const) {
    it(`waits the longest pause when ${what}`, async () => {
      const { clock, storage, accept } = setUp();
      Object.assign(storage, { mood, error });
      accept(1);
      await clock.advance(1000);
      await clock.advance(29_999);
      expect(storage.batches).to.have.length(1);
      await clock.advance(1);
      expect(storage.batches).to.have.length(2);
    });
  }

  for (const mood of ['throw', 'garbage'] as const) {
    it(`survives a storage in the mood to ${mood}`, async () => {
      const { clock, storage, lane, observed, accept } = setUp();
      storage.mood = mood;
      accept(2);
      await clock.advance(1000);
      expect(observed.failures).to.have.length(1);
      expect(lane.stats()).to.include({ queued: 2, stored: 0 });
      expectBalanced(lane.stats());
    });
  }

  it('gives up on an attempt that takes too long, and ignores its late answer', async () => {
    const { clock, storage, lane, observed, accept } = setUp();
    storage.mood = 'hang';
    accept(2);
    await clock.advance(1000);
    expect(lane.stats().inFlight).to.equal(2);
    await clock.advance(10_000);
    expect(storage.signals[0]?.aborted).to.equal(true);
    expect(observed.failures[0]).to.have.property('code', 'STORAGE_TIMEOUT');
    storage.release();
    await clock.advance(0);
    expect(lane.stats()).to.include({ stored: 0, queued: 2 });
    storage.mood = 'store';
    await clock.advance(500);
    expect(lane.stats()).to.include({ stored: 2, queued: 0 });
    expectBalanced(lane.stats());
  });

  it('drops just the records that the storage refuses', async () => {
    const { storage, lane, observed, accept } = setUp();
    storage.mood = 'refuse-first';
    accept(5);
    await lane.flush();
    expect(lane.stats()).to.include({ stored: 4, queued: 0 });
    expect(lane.stats().dropped.refused).to.equal(1);
    expect(observed.drops[0]?.error?.message).to.equal('refused');
  });

  it('tells how old its oldest record is', async () => {
    const { clock, lane } = setUp();
    expect(lane.stats().oldestAgeMs).to.equal(null);
    lane.accept(makeRecord({ date: new Date(clock.now()) }), 100);
    await clock.advance(400);
    expect(lane.stats().oldestAgeMs).to.equal(400);
  });
});
