import { until } from '../../support/until.js';
import { expect } from 'chai';
import { expectBalanced } from '../../support/accounts.js';
import type { ChildConfig } from '../../support/children/child-config.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';
import { Requests, TrackedChild, killAll, storedPaths } from '../../support/tracked-child.js';

describe('Several processes on one spool folder', function owners() {
  this.timeout(30_000);
  let folder: TemporaryFolder;
  let config: ChildConfig;

  beforeEach(async () => {
    folder = await temporaryFolder();
    config = {
      database: folder.file('usage.db'),
      tracker: {
        batch: { maxRecords: 50, maxDelayMs: 5 },
        retry: { minDelayMs: 1, maxDelayMs: 20, attemptTimeoutMs: 60_000 },
        spool: { dir: folder.file('spool'), mode: 'wal' },
      },
    };
  });

  afterEach(async () => {
    await killAll();
    await folder.remove();
  });

  /** A process with so many records on disk, which its storage does not take. */
  async function filled(name: string, count: number): Promise<{ child: TrackedChild; paths: string[] }> {
    const child = await TrackedChild.start({ ...config, mood: 'reject' });
    const requests = new Requests(name);
    await requests.send(child.port, count);
    await child.waitFor('all is on disk', ({ stats }) => stats.spooled === count);
    return { child, paths: requests.answered };
  }

  /** Has a process handle requests of its own, so that it has looked for what others left. */
  async function settled(child: TrackedChild, count: number): Promise<number> {
    await new Requests('settled').send(child.port, count);
    const { stats } = await child.waitFor('its own are stored', (look) => look.stats.stored >= count);
    expectBalanced(stats);
    return stats.accepted - count;
  }

  it('leave alone what a living one has, and adopt once what a dead one left', async () => {
    const first = await filled('first', 100);
    const second = await filled('second', 120);
    expect((await second.child.look()).stats.accepted).to.equal(120);
    await first.child.kill();
    const heirs = await Promise.all([TrackedChild.start(config), TrackedChild.start(config)]);
    await Promise.all(heirs.map((heir, index) => settled(heir, 10 + index)));
    let adopted: number[] = [];
    await until(async () => {
      const looks = await Promise.all(heirs.map((heir) => heir.look()));
      adopted = looks.map(({ stats }, index) => stats.accepted - 10 - index);
      return (adopted[0] ?? 0) + (adopted[1] ?? 0) >= 100;
    }, 'all is adopted');
    // Heirs that look in the same moment share the segments, of which a busy machine has made several.
    expect((adopted[0] ?? 0) + (adopted[1] ?? 0)).to.equal(100);
    await second.child.setMood('store');
    const { stats } = await second.child.finish();
    expect(stats).to.include({ accepted: 120, stored: 120, spooled: 0 });
    const stored = storedPaths(config.database);
    expect(stored.filter((path) => !path.startsWith('/settled')).toSorted()).to.deep.equal(
      [...first.paths, ...second.paths].toSorted(),
    );
  });

  it('leave alone what a frozen one has', async () => {
    const frozen = await filled('frozen', 100);
    frozen.child.signal('SIGSTOP');
    const other = await TrackedChild.start(config);
    expect(await settled(other, 10)).to.equal(0);
    frozen.child.signal('SIGCONT');
    await frozen.child.setMood('store');
    const { stats } = await frozen.child.finish();
    expect(stats).to.include({ accepted: 100, stored: 100 });
    expect(storedPaths(config.database)).to.have.lengthOf(110);
  });
});
