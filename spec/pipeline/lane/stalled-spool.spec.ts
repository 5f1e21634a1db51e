import { expect } from 'chai';
import type { LaneSettings, SpoolMode } from '../../../src/pipeline/lane/lane-settings.js';
import type { LaneObserver } from '../../../src/pipeline/telling/report-lanes.js';
import { expectBalanced } from '../../support/accounts.js';
import { type FileAction, HungFiles } from '../../support/hung-files.js';
import { type ControlledLane, makeLane } from '../../support/lanes.js';
import { useTemporaryFolder } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

/** Until a disk that does not answer counts as such, in milliseconds. */
const STALL_MS = 3000;

/** Nothing goes out by itself but a whole batch. */
const LAZY = { maxRecords: 10, maxBytes: 1_000_000, maxDelayMs: 3_600_000 };

describe('A StorageLane whose spool does not answer', () => {
  let files: HungFiles | undefined;
  let opened: ControlledLane[] = [];
  const folder = useTemporaryFolder(async () => {
    files?.answer();
    for (const controlled of opened) await end(controlled);
    files = undefined;
    opened = [];
  });

  async function end({ lane, clock }: ControlledLane): Promise<void> {
    const closing = lane.close(0);
    await clock.advance(0);
    await closing;
    await lane.finish(1000);
  }

  /** What the spool's failures said, and the first moment at which the books did not add up. */
  let told: string[];
  let wrong: unknown;

  function open(mode: SpoolMode, more: Partial<LaneSettings> = {}): ControlledLane {
    told = [];
    wrong = null;
    const look = (): void => {
      try {
        expectBalanced(opened.at(-1)?.lane.stats() ?? expect.fail('no lane'));
      } catch (error) {
        wrong ??= error;
      }
    };
    const spoolFailed: LaneObserver['spoolFailed'] = (_storage, error) => {
      told.push(error.message);
      look();
    };
    const observer = { dropped: look, failed: look, flushed: look, recovered: look, spoolFailed };
    const controlled = makeLane(
      {
        queue: { maxRecords: 20, maxBytes: 100_000, overflow: 'drop-newest' },
        spool: {
          dir: folder.file('spool'),
          mode,
          maxBytes: 1_000_000,
          maxPendingBytes: 1_000_000,
          fsync: 'always',
        },
        ...more,
      },
      observer,
    );
    opened.push(controlled);
    return controlled;
  }

  async function hang(action: FileAction): Promise<void> {
    files = await HungFiles.hang(action);
  }

  const isHanging = (): Promise<void> => until(() => files?.hanging === 1, 'the disk is asked');

  function expectStored({ lane, storage }: ControlledLane, count: number): void {
    expect(lane.stats()).to.include({ stored: count, queued: 0, inFlight: 0, failures: 0 });
    expect(storage.stored.size).to.equal(count);
    expectBalanced(lane.stats());
    expect(wrong).to.equal(null);
  }

  /** Leaves records on disk, as a process does whose storage was away. */
  async function leave(count: number): Promise<void> {
    const controlled = open('wal');
    controlled.storage.mood = 'hang';
    controlled.accept(count);
    await until(() => controlled.lane.stats().spooled === count, 'all is on disk');
    await end(controlled);
    opened = [];
  }

  it('hands records to the storage at once while it is asked what others left', async () => {
    await leave(3);
    await hang('readFile');
    const controlled = open('overflow');
    const { lane, clock, accept } = controlled;
    await isHanging();
    accept(5);
    await clock.advance(1000);
    expectStored(controlled, 5);
    expect(lane.isDegraded).to.equal(false);
    await clock.advance(STALL_MS);
    expect(lane.isDegraded).to.equal(true);
    accept(5);
    await lane.flush();
    await clock.advance(60_000);
    expectStored(controlled, 10);
    expect(told).to.deep.equal([`the disk of '${folder.file('spool')}' does not answer`]);
    files?.answer();
    await until(() => lane.stats().accepted === 13, 'it is adopted');
    await lane.flush();
    expectStored(controlled, 13);
    expect(lane.isDegraded).to.equal(false);
  });

  it("goes on from memory when a write does not end, with mode 'wal' too", async () => {
    const controlled = open('wal');
    const { lane, storage, clock, accept } = controlled;
    await lane.flush();
    await hang('datasync');
    accept(5);
    await isHanging();
    await clock.advance(STALL_MS - 1);
    expect(lane.isDegraded).to.equal(false);
    expect(lane.stats()).to.include({ queued: 5, spooled: 0 });
    await clock.advance(1);
    expect(lane.isDegraded).to.equal(true);
    accept(5);
    expect(lane.stats()).to.include({ accepted: 10, spooled: 0 });
    await lane.flush();
    expectStored(controlled, 10);
    files?.answer();
    await until(() => !lane.isDegraded, 'the disk answers');
    expect(lane.stats()).to.include({ spooled: 0 });
    storage.mood = 'reject';
    accept(3);
    await until(() => lane.stats().spooled === 3, 'records are on disk again');
    storage.mood = 'store';
    await lane.flush();
    expectStored(controlled, 13);
    expect(storage.batches.flat()).to.have.lengthOf(13);
    expect(told).to.have.lengthOf(1);
  });

  it('drops and counts what neither the disk nor the queue takes in', async () => {
    const { lane, storage, clock, accept } = open('wal');
    storage.mood = 'hang';
    await hang('datasync');
    accept(30);
    await isHanging();
    await clock.advance(STALL_MS);
    expect(lane.stats().dropped).to.include({ 'spool-error': 10, 'spool-full': 0 });
    accept(1);
    expect(lane.stats().dropped).to.include({ 'spool-error': 11 });
    expectBalanced(lane.stats());
    expect(wrong).to.equal(null);
  });

  it('stores what comes while what is on disk cannot be read, and that when it can', async () => {
    const controlled = open('wal');
    const { lane, clock, accept } = controlled;
    accept(5);
    await until(() => lane.stats().spooled === 5, 'all is on disk');
    await hang('readFile');
    const flushed = lane.flush();
    await isHanging();
    await clock.advance(STALL_MS);
    await flushed;
    accept(4);
    await lane.flush();
    expect(lane.stats()).to.include({ stored: 4, spooled: 5, queued: 0, failures: 0 });
    expect(lane.isDegraded).to.equal(true);
    files?.answer();
    await until(() => !lane.isDegraded, 'the disk answers');
    await lane.flush();
    expectStored(controlled, 9);
  });

  it('books a read that fails on the spool, not on the storage, and reads again later', async () => {
    const controlled = open('wal');
    const { lane, storage, clock, accept } = controlled;
    storage.mood = 'hang';
    accept(5);
    await until(() => lane.stats().spooled === 5, 'all is on disk');
    await hang('readFile');
    const flushed = lane.flush();
    await isHanging();
    files?.fail(new Error('EIO'));
    await flushed;
    expect(lane.stats()).to.include({ failures: 0, retries: 0, lastError: null, spooled: 5 });
    expect([lane.isFailing, lane.isDegraded]).to.deep.equal([false, true]);
    expect(told).to.deep.equal(['EIO']);
    storage.mood = 'store';
    await clock.advance(2000);
    await until(() => lane.stats().stored === 5, 'it is read again');
    expectStored(controlled, 5);
    expect(lane.isDegraded).to.equal(false);
  });

  it('has a flush wait for a read only while the disk answers, though no batch is due for long', async () => {
    const { lane, clock, accept } = open('wal', { batch: LAZY });
    accept(5);
    await until(() => lane.stats().spooled === 5, 'all is on disk');
    await hang('readFile');
    let isOver = false;
    const flushed = lane.flush().then(() => (isOver = true));
    await isHanging();
    await clock.advance(STALL_MS - 1);
    expect(isOver).to.equal(false);
    await clock.advance(1);
    await flushed;
    expect(lane.stats()).to.include({ stored: 0, spooled: 5 });
  });

  it('waits for a read that is slow, in a flush and at the end', async () => {
    const controlled = open('wal');
    const { lane, accept } = controlled;
    accept(5);
    await until(() => lane.stats().spooled === 5, 'all is on disk');
    await hang('readFile');
    const flushed = lane.flush();
    const closed = lane.close(60_000);
    await isHanging();
    files?.answer();
    await Promise.all([flushed, closed]);
    expectStored(controlled, 5);
  });

  it('ends in time, and drops what the disk has not taken in', async () => {
    const { lane, clock, accept } = open('wal');
    await hang('datasync');
    accept(5);
    await isHanging();
    let isOver = false;
    void lane
      .close(1000)
      .then(() => lane.finish(200))
      .then(() => (isOver = true));
    await clock.advance(1200);
    expect(isOver).to.equal(true);
    expect(lane.stats()).to.include({ accepted: 5, queued: 0, inFlight: 0, spooled: 0 });
    expect(lane.stats().dropped['shutdown-timeout']).to.equal(5);
    files?.answer();
    expectBalanced(lane.stats());
  });
});
