import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectBalanced } from '../../support/accounts.js';
import type { ChildConfig } from '../../support/children/child-config.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';
import { Requests, TrackedChild, killAll, readReport, storedPaths } from '../../support/tracked-child.js';
import { until } from '../../support/until.js';

const QUICK = {
  batch: { maxRecords: 50, maxDelayMs: 5 },
  retry: { minDelayMs: 1, maxDelayMs: 20, attemptTimeoutMs: 60_000 },
};

describe('A server that is killed at a bad moment', function moments() {
  this.timeout(30_000);
  let folder: TemporaryFolder;
  let config: ChildConfig & { database: string; report: string };

  beforeEach(async () => {
    folder = await temporaryFolder();
    config = { database: folder.file('usage.db'), report: folder.file('report.ndjson'), tracker: QUICK };
  });

  afterEach(async () => {
    await killAll();
    await folder.remove();
  });

  const withSpool = (mode: 'wal' | 'overflow', maxRecords = 10_000): ChildConfig => ({
    ...config,
    tracker: { ...QUICK, queue: { maxRecords }, spool: { dir: folder.file('spool'), mode } },
  });

  /** Starts another process on what the killed ones left, and lets it store everything. */
  async function recover(of: ChildConfig): Promise<string[]> {
    const { report: _, mood: __, ...rest } = of;
    const child = await TrackedChild.start(rest);
    const look = await child.waitFor(
      'all that was left is stored',
      ({ stats }) => stats.accepted > 0 && stats.stored === stats.accepted,
    );
    expectBalanced(look.stats);
    expect(look.drops).to.deep.equal([]);
    await child.finish();
    return storedPaths(config.database).toSorted();
  }

  for (const mood of ['begin-and-hang', 'commit-and-hang'] as const) {
    const when =
      mood === 'begin-and-hang' ? 'before its storage has committed' : 'before it knows of the commit';

    it(`loses nothing from its write-ahead spool ${when}, and stores nothing twice`, async () => {
      const child = await TrackedChild.start({ ...withSpool('wal'), mood });
      const requests = new Requests(mood);
      await requests.send(child.port, 200);
      await child.heard('middle');
      await child.waitFor('all is on disk', ({ stats }) => stats.queued === 0 && stats.accepted === 200);
      await child.kill();
      const committed = storedPaths(config.database).length;
      if (mood === 'begin-and-hang') expect(committed).to.equal(0);
      else expect(committed).to.be.within(1, 50);
      expect(await recover(withSpool('wal'))).to.deep.equal(requests.answered.toSorted());
    });
  }

  it('loses of what it was appending the record that was torn and those behind it, and counts that one, once', async () => {
    const { mood: _, report: __, ...rest } = withSpool('wal');
    const child = await TrackedChild.start({ ...rest, mood: 'reject', tearsWrites: true });
    const requests = new Requests('torn');
    await requests.send(child.port, 1);
    await child.heard('writing');
    await requests.send(child.port, 19);
    await child.heard('torn');
    const { stats } = await child.look();
    await child.kill();
    const files = await readdir(folder.file('spool'), { recursive: true });
    const segment = files.find((name) => name.endsWith('.ndjson')) ?? '';
    const lines = (await readFile(folder.file(join('spool', segment)), 'utf8')).split('\n');
    const whole = lines.length - 1;
    expect(lines.at(-1)).not.to.equal('');
    expect(whole).to.be.within(Math.max(1, stats.spooled), 19);
    const next = await TrackedChild.start(rest);
    const look = await next.waitFor('what is whole is stored', (seen) => seen.stats.stored === whole);
    expectBalanced(look.stats);
    expect(look.stats.accepted).to.equal(whole + 1);
    expect(look.drops).to.deep.equal([{ reason: 'spool-corrupt', count: 1, records: 0, code: null }]);
    await next.finish();
    expect(requests.answered).to.include.members(storedPaths(config.database));
    const third = await TrackedChild.start(rest);
    await new Requests('after').send(third.port, 1);
    const after = await third.waitFor('it has begun', (seen) => seen.stats.stored === 1);
    expect([after.stats.accepted, after.drops]).to.deep.equal([1, []]);
    await third.finish();
  });

  it('loses nothing when the next processes are killed while they adopt what it left', async () => {
    const wal = withSpool('wal');
    const child = await TrackedChild.start({ ...wal, mood: 'reject' });
    const requests = new Requests('adopted');
    await requests.send(child.port, 1500);
    await child.waitFor('all is on disk', ({ stats }) => stats.spooled === 1500);
    await child.kill();
    const [storage = ''] = await readdir(folder.file('spool'));
    const folders = async (): Promise<string> => String(await readdir(folder.file(`spool/${storage}`)));
    for (let kills = 0; kills < 4; kills += 1) {
      const before = await folders();
      const next = TrackedChild.launch({ ...wal, mood: 'hang' });
      await until(async () => (await folders()) !== before, 'the next process has a folder', 1);
      await next.kill();
    }
    expect(await recover(wal)).to.deep.equal(requests.answered.toSorted());
  });

  it('loses what was in memory and nothing else, where its spool takes what the queue has no room for', async () => {
    const overflow = withSpool('overflow', 20);
    const child = await TrackedChild.start({ ...overflow, mood: 'hang' });
    await new Requests('overflow').send(child.port, 300);
    const { stats } = await child.waitFor('the rest is on disk', (look) => look.stats.spooled === 280);
    expect(stats.queued + stats.inFlight).to.equal(20);
    await child.kill();
    expect(await recover(overflow)).to.have.lengthOf(280);
  });

  it('loses without a spool at most what was queued and the batch in flight', async () => {
    const child = await TrackedChild.start({ ...config, mood: 'slow' });
    const requests = new Requests('memory');
    await requests.send(child.port, Infinity, () => {
      if (requests.answered.length === 600) child.signal('SIGKILL');
    });
    await child.ended;
    const { paths, last } = await readReport(config.report);
    const stored = new Set(storedPaths(config.database));
    expect(last.stored).to.be.greaterThan(0);
    expect(paths.slice(0, last.stored).filter((path) => !stored.has(path))).to.deep.equal([]);
    expect(last.stored + last.queued + last.inFlight).to.equal(paths.length);
  });
});
