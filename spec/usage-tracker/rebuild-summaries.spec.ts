import { expect } from 'chai';
import {
  type DimensionName,
  type TrackUsageOptions,
  type UsageTracker,
  trackUsage,
} from '../../src/index.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { DEFAULT_DIMENSIONS } from '../../src/summary/dimensions.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught } from '../support/caught.js';
import { makeRecord } from '../support/records.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';
import { SummarizedStorage } from '../support/summarized-storage.js';
import { DAY_MS, TODAY, answersOf, recordsOfDays } from '../support/summarized.js';

const { signal } = new AbortController();
const WITH_PATHS: readonly DimensionName[] = [...DEFAULT_DIMENSIONS, 'path'];

describe('rebuildSummaries', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const folder = useTemporaryFolder(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close();
  });

  function track(storage: UsageStorage, options: TrackUsageOptions = {}): UsageTracker {
    const { tracker } = trackUsage({
      storage,
      serverName: 'spec',
      clock: new ManualClock(TODAY),
      ...options,
    });
    opened.push(tracker);
    return tracker;
  }

  it('sums up records from before there were summaries, and tells how far it has come', async () => {
    const storage = new SummarizedStorage();
    storage.marker.makeNothing();
    await storage.store(recordsOfDays(4));
    await storage.rows.prepare(true, signal);
    const before = await storage.getSummary({ by: 'endpoint', period: 'day' });
    expect(before).to.include({ folded: 0, live: 24 });
    const told: { readonly days: number; readonly done: number }[] = [];
    const onProgress = (progress: (typeof told)[0]): void => void told.push(progress);
    expect(await track(storage).rebuildSummaries({ onProgress })).to.deep.equal({ days: 5, done: 5 });
    expect(told[0]).to.deep.equal({ storage: 'memory', days: 5, done: 0 });
    expect(told.at(-1)).to.deep.equal({ storage: 'memory', days: 5, done: 5 });
    const done = told.map((progress) => progress.done);
    expect(done).to.deep.equal(done.toSorted((one, other) => one - other));
    expect(told.length).to.be.above(2);
    const after = await storage.getSummary({ by: 'endpoint', period: 'day' });
    expect(after.live).to.equal(0);
    expect(after.rows).to.deep.equal(before.rows);
  });

  it('sums up what is there by a dimension that was added later', async () => {
    const storage = await connectSqlite(folder.file('usage.db'));
    opened.push(storage);
    await storage.store(recordsOfDays(3), signal);
    await track(storage).rebuildSummaries();
    expect(await storage.reader.getSummary({ by: 'endpoint' })).to.include({ live: 0 });
    const before = await storage.reader.getSummary({ by: 'path' });
    expect(before).to.include({ folded: 0, live: 18 });
    const tracker = track(storage, { summaries: { dimensions: WITH_PATHS } });
    expect(await tracker.rebuildSummaries()).to.deep.equal({ days: 4, done: 4 });
    const after = await storage.reader.getSummary({ by: 'path' });
    expect(after).to.include({ live: 0 });
    expect(after.rows).to.deep.equal(before.rows);
    expect(await storage.reader.getSummary({ by: 'endpoint' })).to.include({ live: 0 });
  });

  it('takes whole days of a span, and leaves others as they are', async () => {
    const storage = new SummarizedStorage();
    await storage.store(recordsOfDays(5));
    await storage.marker.settle();
    const tracker = track(storage, { summaries: { dimensions: WITH_PATHS } });
    const span = { from: '2026-06-26T13:00:00Z', to: new Date('2026-06-28T00:00:00Z') };
    expect(await tracker.rebuildSummaries(span)).to.deep.equal({ days: 2, done: 2 });
    const asked = { by: 'path', startDate: '2026-06-26T00:00:00Z', endDate: '2026-06-28T00:00:00Z' } as const;
    expect(await storage.getSummary(asked)).to.include({ live: 0, folded: 2 });
  });

  it('goes on where an earlier call was given up', async () => {
    for (let calls = 0; calls < 60; calls += 7) {
      const storage = new SummarizedStorage();
      await storage.store(recordsOfDays(4));
      const expected = await answersOf((query) => storage.getSummary(query as never));
      const tracker = track(storage);
      await storage.marker.settle();
      storage.rows.calls = calls;
      expect((await caught(tracker.rebuildSummaries())).message).to.equal('The summaries are away.');
      storage.rows.calls = Infinity;
      expect(await tracker.rebuildSummaries()).to.deep.equal({ days: 5, done: 5 });
      expect(await answersOf((query) => storage.getSummary(query as never))).to.deep.equal(expected);
      expect((await storage.getSummary({ by: 'server' })).live).to.equal(0);
      const kinds = storage.rows.kept.rows.map(({ kind }) => kind);
      expect(kinds).not.to.include('touched').and.not.to.include('writing');
    }
  });

  it('does no harm to what is stored meanwhile', async () => {
    const storage = await connectSqlite(folder.file('usage.db'));
    opened.push(storage);
    const memory = new MemoryStorage();
    const records = recordsOfDays(4);
    const late = Array.from({ length: 20 }, (_, index) =>
      makeRecord({ date: new Date(TODAY.getTime() - (index % 5) * DAY_MS - index * 1000) }),
    );
    await storage.store(records, signal);
    await memory.store([...records, ...late]);
    const tracker = track(storage);
    let index = 0;
    const rebuilt = tracker.rebuildSummaries({
      onProgress: () => {
        const record = late[index];
        index += 1;
        if (record !== undefined)
          void storage.store([record], signal).then(() => storage.summaries?.settle());
      },
    });
    await rebuilt;
    await storage.store(late, signal);
    await storage.summaries?.settle();
    await tracker.rebuildSummaries();
    const expected = await answersOf((query) => memory.getSummary(query as never));
    expect(await answersOf((query) => storage.reader.getSummary(query as never))).to.deep.equal(expected);
  });

  it('has nothing to do where there are no records, or no summaries', async () => {
    expect(await track(new SummarizedStorage()).rebuildSummaries()).to.deep.equal({ days: 0, done: 0 });
    const storage = new MemoryStorage();
    await storage.store(recordsOfDays(1));
    expect(await track(storage).rebuildSummaries()).to.deep.equal({ days: 0, done: 0 });
  });

  it('refuses dates that are none', async () => {
    const tracker = track(new SummarizedStorage());
    for (const options of [{ from: 'yesterday' }, { to: new Date(Number.NaN) }]) {
      const error = await caught(tracker.rebuildSummaries(options));
      expect(error).to.include({ code: 'INVALID_QUERY' });
      expect(error.message).to.match(/^rebuildSummaries: /);
    }
  });
});
