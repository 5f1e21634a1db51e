import { rm, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { expectBalanced } from '../../support/accounts.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';
import { Requests, TrackedChild, killAll, storedPaths } from '../../support/tracked-child.js';
import { until } from '../../support/until.js';

describe('A spool whose folder somebody takes away', function folders() {
  this.timeout(30_000);
  let folder: TemporaryFolder;
  let child: TrackedChild;
  let requests: Requests;

  beforeEach(async () => {
    folder = await temporaryFolder();
    requests = new Requests('folder');
    child = await TrackedChild.start({
      database: folder.file('usage.db'),
      mood: 'reject',
      tracker: {
        batch: { maxRecords: 50, maxDelayMs: 5 },
        retry: { minDelayMs: 1, maxDelayMs: 20, attemptTimeoutMs: 60_000 },
        spool: { dir: folder.file('spool'), mode: 'wal' },
      },
    });
    // A segment is read as a whole, and no other one before its records are stored: what comes now stays on disk alone.
    await requests.send(child.port, 10);
    await child.waitFor('the first segment is read', ({ attempts }) => attempts > 0);
    await requests.send(child.port, 90);
    await child.waitFor('all is on disk', ({ stats }) => stats.spooled + stats.inFlight === 100);
  });

  afterEach(async () => {
    await killAll();
    await folder.remove();
  });

  /** Expects what is accounted for as stored, and that alone, to be stored. */
  async function expectAccounted(): Promise<void> {
    const { stats, drops, lines } = await child.waitFor(
      'nothing waits any more',
      (look) => look.stats.queued + look.stats.inFlight + look.stats.spooled === 0,
    );
    expectBalanced(stats);
    expect(stats.accepted).to.equal(requests.answered.length);
    expect(requests.wrong).to.deep.equal([]);
    expect(storedPaths(folder.file('usage.db'))).to.have.lengthOf(stats.stored);
    expect(drops.reduce((sum, { count }) => sum + count, 0)).to.equal(stats.dropped['spool-error']);
    // What came after the folder had gone is not among them.
    expect(stats.dropped['spool-error']).to.be.within(1, 100);
    expect(lines.filter((line) => line.includes('dropped'))).to.have.lengthOf(1);
  }

  it('counts what was in it as lost when it is deleted, and makes another', async () => {
    await rm(folder.file('spool'), { recursive: true });
    await requests.send(child.port, 100);
    await child.setMood('store');
    await expectAccounted();
    const { stats } = await child.look();
    await child.setMood('reject');
    await until(async () => {
      await requests.send(child.port, 10);
      return (await child.look()).stats.spooled > 20;
    }, 'the spool is written again');
    await child.setMood('store');
    await expectAccounted();
    expect((await child.look()).stats.dropped).to.deep.equal(stats.dropped);
  });

  it('goes on in memory while a file stands in its place, and on disk when it is gone', async () => {
    await rm(folder.file('spool'), { recursive: true });
    await writeFile(folder.file('spool'), '');
    await requests.send(child.port, 100);
    await child.setMood('store');
    await expectAccounted();
    await requests.send(child.port, 100);
    await expectAccounted();
    await rm(folder.file('spool'));
    await child.setMood('reject');
    await until(async () => {
      await requests.send(child.port, 10);
      return (await child.look()).stats.spooled > 20;
    }, 'the spool is written again');
    await child.setMood('store');
    await expectAccounted();
  });
});
