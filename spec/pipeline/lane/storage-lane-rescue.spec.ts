import { readdir, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { estimateRecordBytes } from '../../../src/record/record-size.js';
import type { LaneObserver } from '../../../src/pipeline/telling/report-lanes.js';
import { expectBalanced } from '../../support/accounts.js';
import { type ControlledLane, makeLane } from '../../support/lanes.js';
import { QuietClock } from '../../support/quiet-clock.js';
import { makeRecord } from '../../support/records.js';
import { useTemporaryFolder } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

describe('A StorageLane that ends with records in memory', () => {
  const folder = useTemporaryFolder();

  const spooling = (dir = folder.file('spool')) =>
    ({
      queue: { maxRecords: 20_000, maxBytes: 100_000_000, overflow: 'drop-newest' },
      batch: { maxRecords: 500, maxBytes: 1_000_000, maxDelayMs: 3_600_000 },
      spool: { dir, mode: 'overflow', maxBytes: 100_000_000, maxPendingBytes: 100_000_000, fsync: 'always' },
    }) as const;

  /** Closes a lane, and leaves as much real time as it needs to the files. */
  async function end({ lane, clock }: ControlledLane): Promise<void> {
    let isOver = false;
    const ending = lane
      .close(1000)
      .then(() => lane.finish(700))
      .finally(() => (isOver = true));
    await clock.advance(500);
    await until(() => isOver, 'the lane has ended');
    await ending;
  }

  it('stops storing at half of its time, so that the disk has the other', async () => {
    const controlled = makeLane(spooling());
    const { lane, storage } = controlled;
    storage.mood = 'hang';
    for (let index = 0; index < 5000; index += 1) {
      const record = makeRecord();
      lane.accept(record, estimateRecordBytes(record));
    }
    await end(controlled);
    expect(lane.stats()).to.include({ accepted: 5000, queued: 0, inFlight: 0, spooled: 5000 });
    expectBalanced(lane.stats());
  });

  it('has all of its time to store where there is no spool', async () => {
    const { lane, storage, clock, accept } = makeLane();
    storage.mood = 'hang';
    accept(1);
    const closing = lane.close(1000);
    await clock.advance(999);
    storage.release();
    await closing;
    expect(lane.stats()).to.include({ stored: 1 });
  });

  it('counts what the spool cannot write, and tells of it when the books add up', async () => {
    await writeFile(folder.file('file'), '');
    const sums: number[] = [];
    const noteBooks = (): void => {
      const { accepted, stored, queued, inFlight, spooled, dropped } = controlled.lane.stats();
      const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      sums.push(accepted - stored - queued - inFlight - spooled - lost);
    };
    const observer: LaneObserver = {
      dropped: noteBooks,
      failed: noteBooks,
      spoolFailed: noteBooks,
      flushed: noteBooks,
      recovered: noteBooks,
    };
    const controlled = makeLane(spooling(folder.file('file/spool')), observer);
    const { lane, storage, accept } = controlled;
    storage.mood = 'reject';
    accept(20);
    await end(controlled);
    expect(lane.stats()).to.include({ accepted: 20, stored: 0, queued: 0, inFlight: 0, spooled: 0 });
    expect(lane.stats().dropped['shutdown-timeout']).to.equal(20);
    expect(sums).not.to.deep.equal([]);
    expect(new Set(sums)).to.deep.equal(new Set([0]));
  });

  it('is degraded while records are on disk for want of room, and while the spool cannot be written', async () => {
    const { spool } = spooling();
    const queue = { maxRecords: 5, maxBytes: 100_000, overflow: 'drop-newest' } as const;
    const one = makeLane({ ...spooling(), queue });
    expect(one.lane.isDegraded).to.equal(false);
    one.storage.mood = 'hang';
    one.accept(8);
    await until(() => one.lane.stats().spooled === 3, 'what the queue has no room for is on disk');
    expect(one.lane.isDegraded).to.equal(true);
    await end(one);
    await writeFile(folder.file('file'), '');
    const two = makeLane({ ...spooling(), spool: { ...spool, dir: folder.file('file/x'), mode: 'wal' } });
    await until(() => two.lane.isDegraded, 'the spool has failed');
    await end(two);
  });

  it('tells the age of what was adopted', async () => {
    const before = makeLane(spooling());
    before.storage.mood = 'hang';
    before.lane.accept(makeRecord({ date: new Date(before.clock.now() - 60_000) }), 500);
    await end(before);
    const next = makeLane(spooling());
    next.storage.mood = 'hang';
    await until(() => next.lane.stats().spooled === 1, 'it is adopted');
    expect(next.lane.stats().oldestAgeMs).to.equal(60_000);
    next.storage.mood = 'store';
    await end(next);
  });

  it('tells the age of the oldest record, wherever it waits', async () => {
    const before = makeLane(spooling());
    before.storage.mood = 'hang';
    before.lane.accept(makeRecord({ date: new Date(before.clock.now() - 60_000) }), 500);
    await end(before);
    const next = makeLane({ ...spooling(), batch: { ...spooling().batch, maxRecords: 1 } });
    next.storage.mood = 'hang';
    next.accept(1);
    await next.clock.advance(1); // it is in flight before anything is adopted
    await until(() => next.lane.stats().accepted === 2, 'the older one is adopted');
    expect(next.lane.stats().oldestAgeMs).to.equal(60_001);
    next.storage.mood = 'store';
    next.storage.release();
    await end(next);
  });

  it('tells the age of what waits to be written', async () => {
    const { spool } = spooling();
    const controlled = makeLane({ ...spooling(), spool: { ...spool, mode: 'wal' } });
    const { lane, clock } = controlled;
    lane.accept(makeRecord({ date: new Date(clock.now() - 5000) }), 500);
    expect(lane.stats()).to.include({ queued: 1, spooled: 0, oldestAgeMs: 5000 });
    await end(controlled);
  });

  it('moves to disk what waits in memory, when it is told to, but not what the storage is working on', async () => {
    const controlled = makeLane({ ...spooling(), batch: { ...spooling().batch, maxRecords: 5 } });
    const { lane, storage, clock, accept } = controlled;
    storage.mood = 'reject';
    accept(8);
    await lane.flush();
    expect(lane.stats()).to.include({ queued: 8, failures: 1 });
    lane.spool();
    expectBalanced(lane.stats());
    await until(() => lane.stats().spooled === 8, 'all is on disk');
    storage.mood = 'hang';
    accept(5);
    await clock.advance(1000);
    await until(() => lane.stats().inFlight === 5, 'a batch is under way');
    const before = lane.stats();
    lane.spool();
    await until(() => lane.stats().queued === 0, 'the rest is on disk');
    expect(lane.stats()).to.include({ accepted: 13, inFlight: before.inFlight });
    expectBalanced(lane.stats());
    storage.mood = 'store';
    storage.release();
    await lane.flush();
    expect(lane.stats()).to.include({ stored: 13, spooled: 0 });
    expect(storage.stored.size).to.equal(13);
    await end(controlled);
  });

  it('keeps in memory what the spool has no room for', async () => {
    const { spool } = spooling();
    const controlled = makeLane({ ...spooling(), spool: { ...spool, maxBytes: 3000 } });
    const { lane, storage } = controlled;
    storage.mood = 'reject';
    const records = Array.from({ length: 10 }, () => makeRecord());
    for (const record of records) lane.accept(record, estimateRecordBytes(record));
    await lane.flush();
    lane.spool();
    await until(() => lane.stats().spooled > 0, 'some are on disk');
    expect(lane.stats().queued).to.be.within(1, 9);
    expect(lane.stats().queued + lane.stats().spooled).to.equal(10);
    storage.mood = 'store';
    await lane.flush();
    expect(storage.stored.size).to.equal(10);
    await end(controlled);
  });

  it('adopts later what a process leaves that dies later', async () => {
    // It waits for files, which would seem not to answer while hours pass in no time.
    const clock = new QuietClock();
    const batch = { ...spooling().batch, maxDelayMs: 60_000 };
    const controlled = { ...makeLane({ ...spooling(), batch, clock }), clock };
    await until(
      async () => (await readdir(folder.file('spool')).catch(() => [])).length === 1,
      'it is there',
    );
    const before = makeLane(spooling());
    before.storage.mood = 'hang';
    before.accept(3);
    await end(before);
    await clock.advance(300_000);
    await until(() => controlled.lane.stats().spooled === 3, 'it is adopted');
    // Nothing else happens in this process, and what was adopted goes out all the same.
    await clock.advance(60_000);
    await until(() => controlled.storage.stored.size === 3, 'it is stored');
    expect(controlled.lane.stats().accepted).to.equal(3);
    await end(controlled);
  });
});
