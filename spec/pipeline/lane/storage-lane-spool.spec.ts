import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StorageLane } from '../../../src/pipeline/lane/storage-lane.js';
import type { ManualClock } from '../../../src/testing/manual-clock.js';
import { expectBalanced } from '../../support/accounts.js';
import { makeLane } from '../../support/lanes.js';
import { until } from '../../support/until.js';

/** A spool, and a queue that is soon full. */
function spooling(dir: string, mode: 'overflow' | 'wal') {
  return {
    queue: { maxRecords: 20, maxBytes: 100_000, overflow: 'drop-newest' },
    spool: { dir, mode, maxBytes: 10_000_000, maxPendingBytes: 1_000_000, fsync: 'never' },
  } as const;
}

async function end(lane: StorageLane, clock: ManualClock, timeoutMs: number): Promise<void> {
  let isOver = false;
  const ending = lane
    .close(timeoutMs)
    .then(() => lane.finish(timeoutMs + 200))
    .finally(() => (isOver = true));
  await clock.advance(timeoutMs);
  // Files take real time, and the clock stands still: whoever moved it on would have the lane give them up.
  await until(async () => {
    await clock.advance(0);
    return isOver;
  }, 'the lane has ended');
  await ending;
}

describe('A StorageLane with a spool', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lane-'));
  });

  // A lane that gave its files up may still be at one of them.
  afterEach(() => rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

  it('writes to disk what the queue has no room for, and stores all of it when the storage is back', async () => {
    const { clock, storage, lane, accept } = makeLane(spooling(dir, 'overflow'));
    storage.mood = 'reject';
    const records = accept(100);
    await until(() => lane.stats().spooled === 80, 'the rest is on disk');
    expect(lane.stats()).to.include({ queued: 20, inFlight: 0 });
    storage.mood = 'store';
    await until(async () => {
      await lane.flush();
      return lane.stats().stored === 100;
    }, 'everything is stored');
    expect(new Set(storage.stored.keys())).to.deep.equal(new Set(records.map(({ id }) => id)));
    expectBalanced(lane.stats());
    await end(lane, clock, 0);
  });

  it("writes everything to disk first with mode 'wal'", async () => {
    const { clock, storage, lane, accept } = makeLane(spooling(dir, 'wal'));
    accept(5);
    expect(lane.stats()).to.include({ queued: 5, spooled: 0 });
    await until(() => lane.stats().spooled === 5, 'all is on disk');
    expect(storage.batches).to.have.length(0);
    await lane.flush();
    expect(lane.stats()).to.include({ stored: 5, spooled: 0, queued: 0 });
    await end(lane, clock, 0);
  });

  it('hands over a whole batch as soon as it is on disk', async () => {
    const batch = { maxRecords: 10, maxBytes: 1_000_000, maxDelayMs: 3_600_000 };
    const { clock, storage, lane, accept } = makeLane({ ...spooling(dir, 'wal'), batch });
    accept(10);
    await until(async () => {
      await clock.advance(0);
      return lane.stats().stored === 10;
    }, 'it is stored');
    expect(storage.batches.map(({ length }) => length)).to.deep.equal([10]);
    await end(lane, clock, 0);
  });

  it('leaves on disk what it cannot store in time, for the next process', async () => {
    const first = makeLane(spooling(dir, 'overflow'));
    first.storage.mood = 'reject';
    const records = first.accept(50);
    await end(first.lane, first.clock, 100);
    expect(first.lane.stats()).to.include({ stored: 0, queued: 0, inFlight: 0, spooled: 50 });
    const next = makeLane(spooling(dir, 'overflow'));
    await until(async () => {
      await next.lane.flush();
      return next.lane.stats().stored === 50;
    }, 'the next one has stored them');
    expect(next.lane.stats()).to.include({ accepted: 50, spooled: 0 });
    expect([...next.storage.stored.keys()].toSorted()).to.deep.equal(records.map(({ id }) => id).toSorted());
    await end(next.lane, next.clock, 0);
  });

  it('drops what is over the bounds of queue and spool, and says which', async () => {
    const spool = { dir, mode: 'overflow', maxBytes: 10_000, maxPendingBytes: 1000, fsync: 'never' } as const;
    const { clock, storage, lane, accept } = makeLane({ ...spooling(dir, 'overflow'), spool });
    storage.mood = 'reject';
    accept(100);
    expect(lane.stats().dropped['spool-full']).to.equal(70);
    expectBalanced(lane.stats());
    await end(lane, clock, 0);
  });

  it('halves a batch that is refused until the bad record is alone, and drops that one only', async () => {
    const { clock, storage, lane, accept } = makeLane({
      queue: { maxRecords: 1000, maxBytes: 1_000_000, overflow: 'drop-newest' },
      batch: { maxRecords: 500, maxBytes: 1_000_000, maxDelayMs: 1000 },
    });
    const poison = accept(500)[321];
    storage.poison.add(String(poison?.id));
    await lane.flush();
    expect(lane.stats()).to.include({ stored: 499, queued: 0, retries: 0 });
    expect(lane.stats().dropped.refused).to.equal(1);
    expect(storage.stored.has(String(poison?.id))).to.equal(false);
    await end(lane, clock, 0);
  });

  it('never halves for an error that may pass', async () => {
    const { clock, storage, lane, accept } = makeLane();
    storage.mood = 'reject';
    accept(8);
    for (let attempt = 0; attempt < 5; attempt += 1) await lane.flush();
    expect(storage.batches.map((batch) => batch.length)).to.deep.equal([8, 8, 8, 8, 8]);
    await end(lane, clock, 0);
  });

  it('drops as expired what has waited longer than it may', async () => {
    const { clock, storage, lane, accept } = makeLane({
      retry: { minDelayMs: 500, maxDelayMs: 1000, attemptTimeoutMs: 10_000, maxAgeMs: 60_000 },
    });
    storage.mood = 'reject';
    accept(1);
    await clock.advance(50_000);
    accept(1);
    await clock.advance(11_000);
    storage.mood = 'store';
    await clock.advance(2000);
    expect(lane.stats()).to.include({ stored: 1, queued: 0 });
    expect(lane.stats().dropped.expired).to.equal(1);
    await end(lane, clock, 0);
  });

  it('makes room for the newest by dropping the oldest, if it is told so', async () => {
    const { clock, storage, lane, accept } = makeLane({
      queue: { maxRecords: 20, maxBytes: 100_000, overflow: 'drop-oldest' },
    });
    const records = accept(50);
    expect(lane.stats()).to.include({ queued: 20 });
    expect(lane.stats().dropped['queue-full']).to.equal(30);
    await lane.flush();
    expect([...storage.stored.keys()]).to.deep.equal(records.slice(30).map(({ id }) => id));
    await end(lane, clock, 0);
  });

  it('drops the oldest also of a batch that has failed, but none that the storage is working on', async () => {
    const { clock, storage, lane, accept } = makeLane({
      queue: { maxRecords: 20, maxBytes: 100_000, overflow: 'drop-oldest' },
    });
    storage.mood = 'reject';
    accept(15);
    await clock.advance(0);
    const records = accept(25);
    expect(lane.stats()).to.include({ accepted: 40, queued: 20, failures: 1 });
    expectBalanced(lane.stats());
    storage.mood = 'hang';
    await clock.advance(500);
    expect(lane.stats()).to.include({ queued: 10, inFlight: 10 });
    const newest = accept(15);
    expectBalanced(lane.stats());
    storage.mood = 'store';
    storage.release();
    await lane.flush();
    const kept = [...records.slice(5, 15), ...newest.slice(5)];
    expect([...storage.stored.keys()]).to.deep.equal(kept.map(({ id }) => id));
    expect(lane.stats()).to.include({ accepted: 55, stored: 20, queued: 0 });
    expect(lane.stats().dropped['queue-full']).to.equal(35);
    await end(lane, clock, 0);
  });
});
