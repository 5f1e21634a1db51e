import { expect } from 'chai';
import type { MikroORM } from '@mikro-orm/core';
import { SqlStorage, Usage } from '../../src/backends/sql/index.js';
import { type TrackUsageOptions, type UsageTracker, trackUsage } from '../../src/index.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { makeRecord } from '../support/records.js';
import { applicationOrm, connectSqlite, openNative, useTemporaryFolder } from '../support/sqlite.js';
import { SummarizedStorage } from '../support/summarized-storage.js';
import { answersOf, recordsOfDays } from '../support/summarized.js';
import { until } from '../support/until.js';

const { signal } = new AbortController();

/** A look for something to fold is at most so long after the last one, in milliseconds. */
const A_LOOK_MS = 15_000;

describe('A tracker that folds', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const folder = useTemporaryFolder(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close();
  });
  let lines: string[];
  let clock: ManualClock;

  beforeEach(() => {
    lines = [];
    clock = new ManualClock(new Date());
  });

  function track(storage: UsageStorage, options: TrackUsageOptions = {}): UsageTracker {
    const log = (line: string): void => void lines.push(line);
    const logger = { warn: log, error: log };
    const { tracker } = trackUsage({ storage, clock, logger, serverName: 'spec', ...options });
    opened.push(tracker);
    return tracker;
  }

  async function open(): Promise<SqlStorage> {
    const storage = await connectSqlite(folder.file('usage.db'));
    opened.push(storage);
    return storage;
  }

  /** Whether all is folded but for what has happened since the last looks. */
  const isCaughtUp = (tracker: UsageTracker): boolean =>
    (tracker.stats().summaries[0]?.behindMs ?? Infinity) <= 2 * A_LOOK_MS;

  /** Lets time pass, a look after another, until something is so. */
  const looksUntil = (condition: () => boolean, what: string): Promise<void> =>
    until(async () => {
      await clock.advance(A_LOOK_MS);
      return condition();
    }, what);

  it('has nothing to tell before its first look, and how far it has come afterwards', async () => {
    const storage = await open();
    await storage.store(recordsOfDays(2, new Date()), signal);
    await storage.summaries?.settle();
    const tracker = track(storage);
    const nothing = { foldedUntil: null, behindMs: null, folded: 0, lost: 0, failures: 0, lastError: null };
    expect(tracker.stats().summaries).to.deep.equal([{ storage: 'sqlite', ...nothing }]);
    await clock.advance(9000);
    expect(tracker.stats().summaries).to.deep.equal([{ storage: 'sqlite', ...nothing }]);
    await looksUntil(() => isCaughtUp(tracker), 'all is folded');
    const [told] = tracker.stats().summaries;
    expect(told).to.include({ lost: 0, failures: 0, lastError: null });
    expect(told?.folded).to.be.above(10);
    expect(Number(told?.foldedUntil)).to.equal(clock.now() - Number(told?.behindMs));
    expect(await storage.reader.getSummary({ by: 'server' })).to.include({ live: 0 });
  });

  it('is behind by the first record that waits, and catches up, by a clock that tells fractions as well', async () => {
    await clock.advance(0.25);
    const storage = new SummarizedStorage();
    const date = new Date(clock.now() - 3 * 3_600_000);
    await storage.store([makeRecord({ date })]);
    const tracker = track(storage);
    await looksUntil(() => tracker.stats().summaries[0]?.behindMs !== null, 'it has looked');
    const slice = 300_000;
    const start = Math.floor(date.getTime() / slice) * slice;
    expect(tracker.stats().summaries[0]).to.deep.include({ foldedUntil: new Date(start), folded: 0 });
    expect(tracker.stats().summaries[0]?.behindMs).to.be.at.least(3 * 3_600_000);
    await storage.marker.settle();
    await looksUntil(() => isCaughtUp(tracker), 'it has caught up');
    expect(tracker.stats().summaries[0]?.folded).to.be.above(0);
  });

  it('is degraded while folding fails, says so once, and is well again', async () => {
    const storage = new SummarizedStorage();
    await storage.store([makeRecord()]);
    await storage.marker.settle();
    storage.rows.calls = 0;
    const tracker = track(storage);
    expect(tracker.health()).to.equal('ok');
    await looksUntil(() => tracker.stats().summaries[0]?.failures !== 0, 'a fold has failed');
    expect(tracker.health()).to.equal('degraded');
    expect(tracker.stats().summaries[0]).to.include({ folded: 0, lastError: 'The summaries are away.' });
    await looksUntil(() => (tracker.stats().summaries[0]?.failures ?? 0) >= 3, 'folds have failed');
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include("folding the records of the storage 'memory'");
    expect(lines[0]).to.include('The summaries are away.');
    storage.rows.calls = Infinity;
    await looksUntil(() => Number(tracker.stats().summaries[0]?.folded) > 0, 'it has folded');
    expect(tracker.health()).to.equal('ok');
    expect(tracker.stats().summaries[0]).to.include({ lastError: null });
    // Lines of one kind are a minute apart at least.
    await clock.advance(60_000);
    storage.rows.calls = 0;
    await looksUntil(() => tracker.health() === 'degraded', 'it fails again');
    expect(lines).to.have.lengthOf(2);
  });

  it('says once what is missing where the ORM of an application does not know the entities, and answers live', async () => {
    const orm: MikroORM = await applicationOrm({ entities: [Usage] });
    opened.push({ close: () => orm.close(true) });
    const storage = new SqlStorage(orm);
    const tracker = track(storage);
    await storage.store(recordsOfDays(1), signal);
    await clock.advance(300_000);
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include("the storage 'sqlite' keeps no summaries").and.include('...usageEntities()');
    expect(tracker.stats().summaries).to.deep.equal([]);
    expect(tracker.health()).to.equal('ok');
    expect(await storage.reader.getSummary({ by: 'server' })).to.include({ folded: 0, live: 6 });
  });

  it('says nothing of a storage that can keep no summaries', async () => {
    const tracker = track(new MemoryStorage());
    await clock.advance(300_000);
    expect(lines).to.deep.equal([]);
    expect(tracker.stats().summaries).to.deep.equal([]);
  });

  it('makes no table and folds nothing with summaries: false', async () => {
    const storage = await open();
    const tracker = track(storage, { summaries: false });
    await storage.store(recordsOfDays(1), signal);
    await clock.advance(300_000);
    expect(tracker.stats().summaries).to.deep.equal([]);
    const native = await openNative(folder.file('usage.db'));
    const tables = native.database.prepare("select name from sqlite_master where type = 'table'").all();
    await native.close();
    expect(JSON.stringify(tables)).to.include('koa_usage').and.not.include('summary');
    expect(await storage.reader.getSummary({ by: 'server' })).to.include({ folded: 0, live: 6 });
    expect(lines).to.deep.equal([]);
  });

  it('leaves what others fold exact although it is told summaries: false', async () => {
    const [folding, other] = [await open(), await open()];
    await folding.store(recordsOfDays(2), signal);
    await folding.summaries?.settle();
    const tracker = track(folding);
    await looksUntil(() => isCaughtUp(tracker), 'all is folded');
    const idle = track(other, { summaries: false });
    await other.store([makeRecord({ date: new Date('2026-06-28T12:00:00Z'), username: 'late' })], signal);
    const { rows } = await folding.reader.getSummary({ by: 'caller', username: 'late' });
    expect(rows[0]?.hits).to.equal(1);
    expect(idle.stats().summaries).to.deep.equal([]);
  });

  it('waits until every process has found the new table, whose records it would miss', async () => {
    const [unaware, folding] = [await open(), await open()];
    const date = new Date(clock.now() - 3 * 3_600_000);
    const store = (storage: UsageStorage) => storage.store([makeRecord({ date })], signal);
    const hits = async () => (await folding.reader.getSummary({ by: 'server' })).rows[0]?.hits;
    track(unaware, { summaries: false });
    await store(unaware);
    const tracker = track(folding);
    await store(folding);
    await folding.summaries?.settle();
    for (let count = 3; count <= 6; count += 1) {
      await clock.advance(A_LOOK_MS);
      await store(unaware);
      expect(await hits()).to.equal(count);
    }
    await looksUntil(() => isCaughtUp(tracker), 'all is folded');
    expect(await folding.reader.getSummary({ by: 'server' })).to.include({ live: 0 });
    expect(await hits()).to.equal(6);
  });

  it('folds one storage of several trackers without counting anything twice', async () => {
    const [first, second] = [await open(), await open()];
    const records = recordsOfDays(3, new Date());
    await first.store(records.slice(0, 12), signal);
    await second.store(records.slice(6), signal);
    for (const storage of [first, second]) await storage.summaries?.settle();
    const memory = new MemoryStorage();
    await memory.store(records);
    const trackers = [track(first), track(second)];
    await looksUntil(() => trackers.every(isCaughtUp), 'all is folded');
    const expected = await answersOf((query) => memory.getSummary(query as never));
    for (const storage of [first, second])
      expect(await answersOf((query) => storage.reader.getSummary(query as never))).to.deep.equal(expected);
    expect((await second.reader.getSummary({ by: 'server' })).live).to.equal(0);
    await trackers[0]?.close();
    await second.store([makeRecord({ date: new Date(clock.now() - 86_400_000) })], signal);
    await second.summaries?.settle();
    const before = trackers[1]?.stats().summaries[0]?.folded ?? 0;
    await looksUntil(() => Number(trackers[1]?.stats().summaries[0]?.folded) > before, 'the other goes on');
    expect(lines).to.deep.equal([]);
  });

  it('folds nothing more once it is closed', async () => {
    const storage = new SummarizedStorage();
    await storage.store([makeRecord()]);
    await storage.marker.settle();
    const tracker = track(storage);
    await tracker.close();
    storage.rows.calls = 0;
    await clock.advance(3_600_000);
    expect(tracker.stats().summaries[0]).to.include({ folded: 0, failures: 0 });
  });
});
