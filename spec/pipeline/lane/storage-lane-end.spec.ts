import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import type { StorageLane } from '../../../src/pipeline/lane/storage-lane.js';
import type { Mood } from '../../support/faulty-storage.js';
import { makeLane } from '../../support/lanes.js';

/** As the pipeline ends a lane. */
async function end(lane: StorageLane, timeoutMs: number): Promise<void> {
  await lane.close(timeoutMs);
  await lane.finish(200);
}

describe('StorageLane.flush', () => {
  it('resolves when everything that was queued is stored', async () => {
    const { storage, lane, accept } = makeLane();
    accept(25);
    await lane.flush();
    expect(storage.stored.size).to.equal(25);
  });

  it('resolves at once when nothing waits, and asks the storage for nothing', async () => {
    const { clock, storage, lane, accept } = makeLane();
    const isDoneThisTurn = async (): Promise<boolean> => {
      let isDone = false;
      void lane.flush().then(() => (isDone = true));
      await new Promise((resolve) => setImmediate(resolve));
      return isDone;
    };
    expect(await isDoneThisTurn()).to.equal(true);
    accept(3);
    await lane.flush();
    storage.mood = 'hang';
    expect(await isDoneThisTurn()).to.equal(true);
    expect(storage.batches).to.have.length(1);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('resolves after the attempt that failed, and cuts a pause short the next time', async () => {
    const { storage, lane, accept } = makeLane();
    storage.mood = 'reject';
    accept(3);
    await lane.flush();
    expect(lane.stats()).to.include({ queued: 3, retries: 1 });
    storage.mood = 'store';
    await lane.flush();
    expect(lane.stats()).to.include({ queued: 0, stored: 3 });
  });

  it('waits for the batch that is already in flight', async () => {
    const { clock, storage, lane, accept } = makeLane();
    storage.mood = 'hang';
    accept(3);
    await clock.advance(1000);
    let flushed = false;
    const flushing = lane.flush().then(() => {
      flushed = true;
    });
    await clock.advance(5);
    expect(flushed).to.equal(false);
    storage.release();
    await flushing;
    expect(lane.stats().stored).to.equal(3);
  });
});

describe('StorageLane.close', () => {
  it('stores what is queued, and counts as late what comes afterwards', async () => {
    const { clock, lane, accept } = makeLane();
    accept(25);
    await end(lane, 5000);
    accept(2);
    expect(lane.stats()).to.include({ stored: 25, queued: 0, inFlight: 0 });
    expect(lane.stats().dropped.late).to.equal(2);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('tries again as long as the time allows', async () => {
    const { clock, storage, lane, accept } = makeLane();
    storage.mood = 'reject';
    accept(5);
    const closing = end(lane, 5000);
    await clock.advance(100);
    storage.mood = 'store';
    await clock.advance(4900);
    await closing;
    expect(lane.stats()).to.include({ stored: 5, queued: 0 });
  });

  for (const mood of ['reject', 'hang', 'throw'] as Mood[]) {
    it(`ends at its time with a storage in the mood to ${mood}, and counts what it could not store`, async () => {
      const { clock, storage, lane, accept } = makeLane();
      storage.mood = mood;
      accept(15);
      let closed = false;
      const closing = end(lane, 5000).then(() => {
        closed = true;
      });
      await clock.advance(4999);
      expect(closed).to.equal(false);
      await clock.advance(1);
      await closing;
      expect(lane.stats()).to.include({ stored: 0, queued: 0, inFlight: 0 });
      expect(lane.stats().dropped['shutdown-timeout']).to.equal(15);
      expect(clock.pendingTimers).to.equal(0);
    });
  }

  for (const mood of ['reject', 'garbage'] as Mood[]) {
    it(`does not wait where only a person could help a storage in the mood to ${mood}`, async () => {
      const { storage, lane, accept } = makeLane();
      storage.mood = mood;
      storage.error = new TrackUsageError('STORAGE_SETUP', 'no such table');
      accept(2);
      await end(lane, 5000);
      expect(storage.batches).to.have.length(1);
      expect(lane.stats().dropped['shutdown-timeout']).to.equal(2);
    });
  }

  it('aborts the attempt that it gives up on', async () => {
    const { clock, storage, lane, accept } = makeLane();
    storage.mood = 'hang';
    accept(1);
    const closing = end(lane, 50);
    await clock.advance(50);
    await closing;
    expect(storage.signals[0]?.aborted).to.equal(true);
  });
});

describe('StorageLane.abandon', () => {
  it('drops what waits and what is in flight, aborts the attempt, and does nothing any more', async () => {
    const { clock, storage, lane, accept } = makeLane();
    storage.mood = 'hang';
    accept(15);
    await clock.advance(0);
    lane.abandon();
    expect(storage.signals.map(({ aborted }) => aborted)).to.deep.equal([true]);
    expect(lane.stats()).to.include({ stored: 0, queued: 0, inFlight: 0 });
    expect(lane.stats().dropped['shutdown-timeout']).to.equal(15);
    storage.release();
    accept(2);
    await clock.advance(3_600_000);
    expect(lane.stats()).to.include({ accepted: 17, stored: 0, queued: 0 });
    expect(lane.stats().dropped.late).to.equal(2);
    expect(storage.batches).to.have.length(1);
    expect(clock.pendingTimers).to.equal(0);
  });
});
