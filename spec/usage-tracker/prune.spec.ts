import { expect } from 'chai';
import type { SqlStorage } from '../../src/backends/sql/index.js';
import { type TrackUsageOptions, type UsageTracker, trackUsage } from '../../src/index.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { caught } from '../support/caught.js';
import { expectBalanced } from '../support/accounts.js';
import { ObservedStorage } from '../support/pruned.js';
import { makeRecord } from '../support/records.js';
import { serve } from '../support/serve.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';
import { DAY_MS, HOUR_MS, TODAY, answersOf, recordsOfDays } from '../support/summarized.js';

const { signal } = new AbortController();
const RETENTION = { records: { days: 2 }, callers: { days: 30 } } as const;
const CUT = new Date('2026-06-28T00:00:00Z');

describe('tracker.prune', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const folder = useTemporaryFolder(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close();
  });

  function track(storage: UsageStorage, options: TrackUsageOptions = {}): UsageTracker {
    const logger = { warn() {}, error() {} };
    const clock = new ManualClock(TODAY);
    const { tracker } = trackUsage({
      storage,
      clock,
      logger,
      serverName: 'spec',
      retention: RETENTION,
      ...options,
    });
    opened.push(tracker);
    return tracker;
  }

  /** A storage with records of some days, the newest of which are from the last hours: its clock is right. */
  async function filled(): Promise<SqlStorage> {
    const storage = await connectSqlite(folder.file('usage.db'));
    opened.push(storage);
    const recent = makeRecord({ date: new Date(TODAY.getTime() - HOUR_MS) });
    await storage.store([...recordsOfDays(5), recent], signal);
    return storage;
  }

  const answers = (storage: SqlStorage) => answersOf((query) => storage.reader.getSummary(query as never));

  it('deletes the records of days that are sealed, at once, and keeps every answer', async () => {
    const storage = await filled();
    const before = await answers(storage);
    const old = await storage.reader.countUsage({ endDate: CUT });
    const retention = await track(storage).prune();
    expect(retention).to.deep.equal({ deleted: old, failures: 0, lastRunAt: TODAY });
    expect(await storage.reader.countUsage({ endDate: CUT })).to.equal(0);
    expect(await answers(storage)).to.deep.equal(before);
    const { sealedUntil } = await storage.reader.getSummary({ by: 'server' });
    expect(sealedUntil).to.deep.equal(CUT);
  });

  it('does nothing the second time', async () => {
    const storage = await filled();
    const tracker = track(storage);
    const first = await tracker.prune();
    expect(await tracker.prune()).to.deep.equal(first);
    expect(await track(storage).prune()).to.deep.include({ deleted: 0 });
  });

  it('deletes without summaries by the age of the records alone', async () => {
    const storage = await filled();
    await track(storage, { summaries: false }).prune();
    expect(await storage.reader.countUsage({ endDate: new Date(TODAY.getTime() - 2 * DAY_MS) })).to.equal(0);
    const { sealedUntil, live } = await storage.reader.getSummary({ by: 'server' });
    expect(sealedUntil).to.equal(null);
    expect(live).to.equal(await storage.reader.countUsage());
  });

  it('answers null without the option retention', async () => {
    const storage = await filled();
    expect(await track(storage, { retention: undefined }).prune()).to.equal(null);
    expect(await storage.reader.countUsage()).to.equal(31);
  });

  it('rejects with the error of the storage, and goes on another time', async () => {
    const storage = new ObservedStorage();
    storage.now = async () => TODAY;
    await storage.store(recordsOfDays(5));
    storage.deletion = () => Promise.reject(new Error('disk on fire'));
    const tracker = track(storage);
    expect((await caught(tracker.prune())).message).to.equal('disk on fire');
    storage.deletion = (_date, _limit, _signal, really) => really();
    expect((await tracker.prune())?.deleted).to.be.above(0);
  });

  it('has records that arrive for a sealed day refused, and counts them as expired', async () => {
    const storage = await filled();
    await track(storage).prune();
    const before = await answers(storage);
    const late = makeRecord({ date: new Date(CUT.getTime() - 1) });
    const good = makeRecord({ date: new Date(CUT.getTime() + 26 * HOUR_MS) });
    const { stored, refused } = await storage.store([late, good], signal);
    expect({ stored, ids: refused.map(({ id }) => id) }).to.deep.equal({ stored: 1, ids: [late.id] });
    expect(refused[0]?.error).to.include({ code: 'RECORD_EXPIRED' });

    // Another process whose clock is three days behind.
    const clock = new ManualClock(new Date(TODAY.getTime() - 3 * DAY_MS));
    const served = await serve({
      tracker: {
        storage,
        clock,
        defaultPolicy: 'include',
        trackUnmatched: true,
        logger: { warn() {}, error() {} },
      },
      after: [(context) => void (context.body = 'ok')],
    });
    opened.push(served);
    await (await fetch(served.origin)).text();
    await served.records();
    const stats = served.usage.tracker.stats();
    expect(stats.dropped.expired).to.equal(1);
    expect(stats).to.include({ accepted: 1, stored: 0 });
    expectBalanced(stats);
    expect(await storage.reader.countUsage({ endDate: CUT })).to.equal(0);
    await storage.erase({ username: 'nobody' }, signal);
    expect(
      await storage.reader.countUsage({ startDate: good.date, endDate: new Date(good.date.getTime() + 1) }),
    ).to.equal(1);
    expect((await answers(storage)).length).to.equal(before.length);
  });

  it('seals with days, callers and hours kept as long as told', async () => {
    const storage = await filled();
    const retention = { records: { days: 2 }, hours: { days: 2 }, days: { days: 4 }, callers: { days: 3 } };
    await track(storage, { retention }).prune();
    const first = async (by: 'server' | 'caller'): Promise<Date | null | undefined> =>
      (await storage.reader.getSummary({ by, period: 'day' })).rows[0]?.start;
    expect(await first('server')).to.deep.equal(new Date('2026-06-26T00:00:00Z'));
    expect(await first('caller')).to.deep.equal(new Date('2026-06-27T00:00:00Z'));
  });
});
