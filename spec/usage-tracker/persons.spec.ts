import { readFile, readdir } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import type { SqlStorage } from '../../src/backends/sql/index.js';
import { PrinterStorage, type TrackUsageOptions, type UsageTracker, trackUsage } from '../../src/index.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught, thrown } from '../support/caught.js';
import { makeRecord } from '../support/records.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';
import { HOUR_MS, TODAY, recordsOfDays } from '../support/summarized.js';

const { signal } = new AbortController();
const NAME = 'Ottilie-Xanthippe';
const OTHER = 'Balduin-Xaverius';
const CUT = new Date('2026-06-28T00:00:00Z');

const NOBODY: readonly unknown[] = [
  undefined,
  null,
  'ada',
  {},
  { username: '' },
  { username: null },
  { username: 7 },
  { username: undefined },
  { username: 'ada', visitor: 'v1' },
  { route: '/' },
  { username: 'ada', route: '/' },
  [],
];

/** Records of some days, every third of which is of one person. */
function recordsWith(name: string): UsageRecord[] {
  const theirs = recordsOfDays(5).map((record, index) =>
    makeRecord({ ...record, username: [name, OTHER, null][index % 3] as string | null }),
  );
  return [...theirs, makeRecord({ date: new Date(TODAY.getTime() - HOUR_MS), username: name })];
}

describe('A person', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const folder = useTemporaryFolder(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close();
  });

  function track(storage: UsageStorage | UsageStorage[], options: TrackUsageOptions = {}): UsageTracker {
    const clock = new ManualClock(TODAY);
    const logger = { warn() {}, error() {} };
    const { tracker } = trackUsage({ storage, clock, logger, serverName: 'spec', ...options });
    opened.push(tracker);
    return tracker;
  }

  async function filled(): Promise<SqlStorage> {
    const storage = await connectSqlite(folder.file('usage.db'));
    opened.push(storage);
    await storage.store(recordsWith(NAME), signal);
    return storage;
  }

  /** The files that have a text in them: the database, its log, and whatever else is there. */
  async function filesWith(text: string): Promise<string[]> {
    const found: string[] = [];
    for (const name of await readdir(folder.path)) {
      const bytes = await readFile(folder.file(name));
      // Data of summaries is base64, of which the text is at one of three places.
      const encoded = [0, 1, 2].map((shift) =>
        Buffer.from(`${' '.repeat(shift)}${text}`)
          .toString('base64')
          .slice(shift === 0 ? 0 : 4, -4),
      );
      if ([text, ...encoded].some((one) => bytes.includes(one))) found.push(name);
    }
    return found;
  }

  async function recordsOf(tracker: UsageTracker, username: string): Promise<UsageRecord[]> {
    const records: UsageRecord[] = [];
    for await (const record of tracker.exportUser({ username })) records.push(record);
    return records;
  }

  it('gets every record of theirs, newest first, of every storage that can be read', async () => {
    const [one, other] = [new MemoryStorage({ name: 'one' }), new MemoryStorage({ name: 'other' })];
    const theirs = [1, 2, 3].map((hour) =>
      makeRecord({ username: NAME, date: new Date(TODAY.getTime() - hour * HOUR_MS) }),
    );
    await one.store([...theirs, makeRecord({ username: 'ada' })]);
    await other.store(theirs.slice(0, 1));
    const printer = new PrinterStorage({ output: new Writable() });
    const tracker = track([one, printer, other]);
    expect(await recordsOf(tracker, NAME)).to.deep.equal([...theirs, theirs[0]]);
    expect(await recordsOf(tracker, 'nobody')).to.deep.equal([]);
  });

  for (const person of NOBODY) {
    it(`is neither exported nor erased if told by ${JSON.stringify(person)}`, async () => {
      const storage = new MemoryStorage();
      await storage.store([makeRecord()]);
      const tracker = track(storage);
      const errors = [
        await thrown(() => tracker.exportUser(person as never)),
        await caught(tracker.eraseUser(person as never)),
      ];
      expect(errors.map((error) => (error as { code?: string }).code)).to.deep.equal([
        'INVALID_QUERY',
        'INVALID_QUERY',
      ]);
      for (const [index, method] of ['exportUser', 'eraseUser'].entries())
        expect(errors[index]?.message).to.match(new RegExp(`^${method}: 'person' is .*expected whom: `));
      expect(storage.records).to.have.lengthOf(1);
    });
  }

  it('is erased from every storage, with a report of each', async () => {
    const [one, other] = [new MemoryStorage({ name: 'one' }), new MemoryStorage({ name: 'other' })];
    await one.store([makeRecord({ username: NAME }), makeRecord({ username: NAME }), makeRecord()]);
    const printer = new PrinterStorage({ name: 'lines', output: new Writable() });
    const reports = await track([one, printer, other]).eraseUser({ username: NAME });
    const none = { summaries: 0, totalsUntil: null };
    expect(reports).to.deep.equal([
      { storage: 'one', records: 2, ...none },
      { storage: 'lines', records: null, ...none },
      { storage: 'other', records: 0, ...none },
    ]);
    expect(one.records.map(({ username }) => username)).to.deep.equal(['ada']);
  });

  it('is nowhere in the bytes of an SQLite file and its log once erased, and everybody else still is', async () => {
    const storage = await filled();
    const tracker = track(storage);
    await tracker.rebuildSummaries();
    expect(await filesWith(NAME)).not.to.deep.equal([]);
    const rest = await storage.reader.getSummary({ by: 'caller', username: null });
    const [report] = await tracker.eraseUser({ username: NAME });
    expect(report).to.deep.include({ storage: 'sqlite', records: 11, totalsUntil: null });
    expect(report?.summaries).to.be.above(5);
    expect(await filesWith(NAME)).to.deep.equal([]);
    expect(await filesWith(OTHER)).to.include('usage.db');
    expect(await storage.reader.countUsage({ username: NAME })).to.equal(0);
    expect((await storage.reader.getSummary({ by: 'caller', username: NAME })).rows).to.deep.equal([]);
    expect((await storage.reader.getSummary({ by: 'caller', username: null })).rows).to.deep.equal(rest.rows);
    await tracker.rebuildSummaries();
    expect(await storage.reader.getSummary({ by: 'caller' })).to.include({ live: 0 });
    expect(await filesWith(NAME)).to.deep.equal([]);
    expect(await tracker.eraseUser({ username: NAME })).to.deep.equal([
      { storage: 'sqlite', records: 0, summaries: 0, totalsUntil: null },
    ]);
  });

  it('is erased from sealed days as well, whose totals still count what was done', async () => {
    const storage = await filled();
    const retention = { records: { days: 2 }, callers: { days: 30 } };
    const tracker = track(storage, { retention });
    await tracker.prune();
    const totals = await storage.reader.getSummary({ by: 'server', period: 'day', endDate: CUT });
    const nobody = await storage.reader.getSummary({ by: 'caller', period: 'day', username: null });
    expect(
      (await storage.reader.getSummary({ by: 'caller', username: NAME, endDate: CUT })).rows,
    ).to.have.lengthOf(1);
    const [report] = await tracker.eraseUser({ username: NAME });
    expect(report?.totalsUntil).to.deep.equal(CUT);
    expect(await filesWith(NAME)).to.deep.equal([]);
    const ask = storage.reader.getSummary.bind(storage.reader);
    expect((await ask({ by: 'caller', username: NAME })).rows).to.deep.equal([]);
    expect((await ask({ by: 'endpointCaller', username: NAME })).rows).to.deep.equal([]);
    expect((await ask({ by: 'server', period: 'day', endDate: CUT })).rows).to.deep.equal(totals.rows);
    expect((await ask({ by: 'caller', period: 'day', username: null })).rows).to.deep.equal(nobody.rows);
  });

  it('is in no row of a fold that died, and was to be nowhere', async () => {
    const storage = await filled();
    const tracker = track(storage);
    await tracker.rebuildSummaries();
    const { store } = storage.summaries ?? {};
    const rows = (await store?.find({ dimension: 'caller' }, signal)) ?? [];
    const edition = 'of-a-fold-that-died';
    const copies = rows.map((row, index) => Object.assign({}, row, { id: `copy.${index}`, edition }));
    await store?.insert(copies, signal);
    await tracker.eraseUser({ username: NAME });
    expect(await filesWith(NAME)).to.deep.equal([]);
  });
});
