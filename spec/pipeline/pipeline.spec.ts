import { expect } from 'chai';
import { TrackUsageError } from '../../src/errors.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { expectBalanced } from '../support/accounts.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { makeRecord, makeRecords } from '../support/records.js';

function setUp(find: () => readonly UsageStorage[]) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const pipeline = new Pipeline(
    {
      clock,
      logger: { warn: write, error: write },
      queue: { maxRecords: 100, maxBytes: 1_000_000, overflow: 'drop-newest' },
      batch: { maxRecords: 10, maxBytes: 1_000_000, maxDelayMs: 1000 },
      retry: { minDelayMs: 500, maxDelayMs: 30_000, attemptTimeoutMs: 10_000, maxAgeMs: 1e12 },
      spool: null,
      retention: null,
    },
    find,
  );
  return { clock, lines, pipeline };
}

describe('Pipeline', () => {
  it('gives every record to every storage; one that fails holds back no other', async () => {
    const good = new FaultyStorage('good');
    const bad = new FaultyStorage('bad');
    const hung = new FaultyStorage('hung');
    bad.mood = 'reject';
    hung.mood = 'hang';
    const { clock, pipeline } = setUp(() => [bad, hung, good]);
    for (let index = 0; index < 30; index += 1) pipeline.accept(makeRecord());
    await clock.advance(5000);
    expect(good.stored.size).to.equal(30);
    const stats = pipeline.stats();
    expect(stats.storages.map(({ name, stored }) => [name, stored])).to.deep.equal([
      ['bad', 0],
      ['hung', 0],
      ['good', 30],
    ]);
    expect(stats).to.include({ accepted: 90, stored: 30 });
    for (const counts of [stats, ...stats.storages]) expectBalanced(counts);
  });

  it('gives a storage that is listed twice each record once', async () => {
    const storage = new FaultyStorage();
    const { pipeline } = setUp(() => [storage, storage]);
    pipeline.accept(makeRecord());
    expect(await pipeline.close(1000)).to.deep.equal({ stored: 1, spooled: 0, dropped: 0 });
    expect(pipeline.stats().storages).to.have.length(1);
  });

  it('counts what comes while there is no storage, says so once, and goes on when there is one', async () => {
    const storage = new FaultyStorage();
    let storages: UsageStorage[] | null = null;
    const { pipeline, lines } = setUp(() => {
      if (storages === null) throw new Error('add a storage');
      return storages;
    });
    const drops: unknown[] = [];
    pipeline.events.on('drop', ({ storage: whose, reason, count, records }) =>
      drops.push([whose, reason, count, records.length]),
    );
    pipeline.accept(makeRecord());
    pipeline.accept(makeRecord());
    expect(pipeline.stats()).to.include({ accepted: 2, stored: 0 });
    expect(pipeline.stats().dropped['no-storage']).to.equal(2);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.contain('add a storage');
    expect(drops).to.deep.equal([
      [null, 'no-storage', 1, 1],
      [null, 'no-storage', 1, 1],
    ]);
    storages = [storage];
    pipeline.accept(makeRecord());
    await pipeline.flush();
    expect(storage.stored.size).to.equal(1);
    expectBalanced(pipeline.stats());
  });

  it('is failing while there is no storage, also where nothing has been lost', async () => {
    const storage = new FaultyStorage();
    let storages: UsageStorage[] | null = null;
    const { pipeline } = setUp(() => {
      if (storages === null) throw new Error('add a storage');
      return storages;
    });
    expect(pipeline.health()).to.equal('ok');
    pipeline.open();
    expect(pipeline.health()).to.equal('failing');
    storages = [storage];
    pipeline.open();
    expect(pipeline.health()).to.equal('ok');
  });

  it('is degraded while a storage fails, and well again when it works', async () => {
    const storage = new FaultyStorage();
    const { clock, pipeline } = setUp(() => [new FaultyStorage('other'), storage]);
    storage.mood = 'reject';
    pipeline.accept(makeRecord());
    expect(pipeline.health()).to.equal('ok');
    await pipeline.flush();
    expect(pipeline.health()).to.equal('degraded');
    storage.mood = 'store';
    await clock.advance(500);
    expect(pipeline.stats().stored).to.equal(2);
    expect(pipeline.health()).to.equal('ok');
  });

  it('is failing for a minute after a loss', async () => {
    const storage = new FaultyStorage();
    const { clock, pipeline } = setUp(() => [storage]);
    storage.mood = 'refuse-first';
    for (const record of makeRecords(2)) pipeline.accept(record);
    await pipeline.flush();
    expect(pipeline.health()).to.equal('failing');
    await clock.advance(59_999);
    expect(pipeline.health()).to.equal('failing');
    await clock.advance(1);
    expect(pipeline.health()).to.equal('ok');
  });

  it('is not failing for what comes after the end', async () => {
    const { pipeline } = setUp(() => [new FaultyStorage()]);
    pipeline.open();
    await pipeline.close(1000);
    pipeline.accept(makeRecord());
    expect(pipeline.stats().dropped.late).to.equal(1);
    expect(pipeline.health()).to.equal('ok');
  });

  it('says what a person has to do at once, also right after a failure of another kind', async () => {
    const storage = new FaultyStorage();
    const { clock, pipeline, lines } = setUp(() => [storage]);
    storage.mood = 'reject';
    pipeline.accept(makeRecord());
    await pipeline.flush();
    storage.error = new TrackUsageError('STORAGE_SETUP', 'Check the user and the password.');
    await clock.advance(500);
    expect(lines.map((line) => line.split('again: ')[1])).to.deep.equal([
      'Error: out of order',
      'TrackUsageError: Check the user and the password.',
    ]);
  });

  it('counts a record that could not be made, and logs why', () => {
    const { pipeline, lines } = setUp(() => [new FaultyStorage()]);
    pipeline.open();
    pipeline.lost('making a record', new TypeError('oops'));
    pipeline.fault('the option user', new TypeError('oops'));
    expect(pipeline.stats().dropped.internal).to.equal(1);
    expectBalanced(pipeline.stats());
    expect(lines[0]).to.contain('making a record failed: TypeError: oops');
  });

  it('tells of batches, failures and recoveries by events', async () => {
    const storage = new FaultyStorage();
    const { clock, pipeline } = setUp(() => [storage]);
    const seen: string[] = [];
    pipeline.events.on('error', ({ error, failures }) => seen.push(`error ${error.message} ${failures}`));
    pipeline.events.on('recover', ({ failures }) => seen.push(`recover ${failures}`));
    pipeline.events.on('flush', ({ stored }) => seen.push(`flush ${stored}`));
    storage.mood = 'reject';
    pipeline.accept(makeRecord());
    await pipeline.flush();
    storage.mood = 'store';
    await clock.advance(500);
    expect(seen).to.deep.equal(['error out of order 1', 'flush 1', 'recover 1']);
  });

  it('closes once, storages included, and reports what was stored and what was not', async () => {
    const storage = new FaultyStorage();
    const { pipeline } = setUp(() => [storage]);
    pipeline.accept(makeRecord());
    const [first, second] = await Promise.all([pipeline.close(5000), pipeline.close(1)]);
    expect(first).to.deep.equal({ stored: 1, spooled: 0, dropped: 0 });
    expect(second).to.equal(first);
    expect(storage.closed).to.equal(1);
    pipeline.accept(makeRecord());
    expect(pipeline.stats().dropped.late).to.equal(1);
  });

  it('counts as late what comes after a close without any storage', async () => {
    const { pipeline } = setUp(() => {
      throw new Error('none');
    });
    await pipeline.close(10);
    pipeline.accept(makeRecord());
    expect(pipeline.stats().dropped.late).to.equal(1);
  });

  it('does not wait for a storage that never closes, and says which', async () => {
    const storage = new FaultyStorage();
    storage.close = () => new Promise(() => {});
    const { clock, pipeline, lines } = setUp(() => [storage]);
    pipeline.open();
    const closing = pipeline.close(1000);
    await clock.advance(1250);
    expect(await closing).to.deep.equal({ stored: 0, spooled: 0, dropped: 0 });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.contain("the storage 'faulty' was still closing after 200 ms");
  });

  it('survives a storage that fails to close', async () => {
    const storage = new FaultyStorage();
    storage.close = () => Promise.reject(new Error('stuck'));
    const { pipeline, lines } = setUp(() => [storage]);
    pipeline.open();
    await pipeline.close(1000);
    expect(lines[0]).to.contain("the storage 'faulty' did not close: Error: stuck");
  });
});
