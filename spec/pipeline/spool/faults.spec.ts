import { spawnSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { expect } from 'chai';
import { expectBalanced } from '../../support/accounts.js';
import type { ChildConfig, ChildLook } from '../../support/children/child-config.js';
import { useTemporaryFolder } from '../../support/sqlite.js';
import { Requests, TrackedChild, killAll, storedPaths } from '../../support/tracked-child.js';
import { until } from '../../support/until.js';

const QUICK = {
  batch: { maxRecords: 50, maxDelayMs: 5 },
  retry: { minDelayMs: 1, maxDelayMs: 20, attemptTimeoutMs: 60_000 },
};
const isRoot = process.getuid?.() === 0;

/** Every loss is in the statistics and in an event, the first one in a line at once, and no second line within a minute. */
function expectReportedOnce({ stats, drops, lines }: ChildLook, code: string): void {
  const { 'spool-error': lost } = stats.dropped;
  const told = drops.filter(({ reason }) => reason === 'spool-error');
  expect(lost).to.be.greaterThan(0);
  expect(told.reduce((sum, { count }) => sum + count, 0)).to.equal(lost);
  expect(told.reduce((sum, { records }) => sum + records, 0)).to.equal(lost);
  expect(told.map((drop) => drop.code)).to.include(code);
  expect(lines.filter((line) => line.includes('dropped'))).to.have.lengthOf(1);
}

/** The file system's failure is an event and a line, too. */
function expectFailureReported({ errors, lines }: ChildLook, code: string): void {
  expect(errors.filter(({ storage }) => storage === 'keyed (spool)').map((error) => error.code)).to.include(
    code,
  );
  const told = lines.filter(
    (line) => line.includes("the spool of the storage 'keyed'") && line.includes(code),
  );
  expect(told).to.have.lengthOf(1);
}

describe('A spool whose file system fails', function faults() {
  this.timeout(30_000);
  const folder = useTemporaryFolder(killAll);

  const config = (mode: 'wal' | 'overflow', maxRecords = 10_000): ChildConfig => ({
    database: folder.file('usage.db'),
    mood: 'reject',
    tracker: { ...QUICK, queue: { maxRecords }, spool: { dir: folder.file('spool'), mode } },
  });

  /** Lets the storage work again, and expects everything but what was dropped to be stored once. */
  async function expectTheRestStored(child: TrackedChild, requests: Requests): Promise<void> {
    await child.setMood('store');
    const look = await child.waitFor(
      'all that was kept is stored',
      ({ stats }) => stats.stored > 0 && stats.queued + stats.inFlight + stats.spooled === 0,
    );
    expectBalanced(look.stats);
    const paths = storedPaths(folder.file('usage.db'));
    expect(paths).to.have.lengthOf(look.stats.stored);
    expect(new Set(paths)).to.have.property('size', paths.length);
    expect(requests.wrong).to.deep.equal([]);
    expect(requests.answered).to.have.lengthOf(look.stats.accepted);
  }

  it('keeps in memory what a file that may not grow has no room for', async () => {
    const child = await TrackedChild.start(config('wal'), ['sh', '-c', 'ulimit -f 400; exec "$@"', 'sh']);
    const requests = new Requests('limit');
    await requests.send(child.port, 500);
    const look = await child.waitFor('a write has failed', ({ errors }) =>
      errors.some(({ code }) => code === 'EFBIG'),
    );
    expectFailureReported(look, 'EFBIG');
    expect(look.drops).to.deep.equal([]);
    expectBalanced(look.stats);
    await expectTheRestStored(child, requests);
  });

  it('drops and counts what neither a full disk nor the queue has room for', async function fullDisk() {
    const mounted = ['unshare', '-m', 'sh', '-c'];
    const attempt = ['-m', 'sh', '-c', `mount -t tmpfs tmpfs ${folder.path}`];
    // Only who may mount in a namespace of its own has a disk to fill; it is gone with the process.
    if (spawnSync('unshare', attempt).status !== 0) this.skip();
    const spool = folder.file('spool');
    await mkdir(spool);
    const child = await TrackedChild.start(config('overflow', 30), [
      ...mounted,
      `mount -t tmpfs -o size=64k tmpfs ${spool}; exec "$@"`,
      'sh',
    ]);
    const requests = new Requests('full');
    await requests.send(child.port, 500);
    const look = await child.waitFor('records are lost', ({ stats }) => stats.dropped['spool-error'] > 0);
    expectReportedOnce(look, 'ENOSPC');
    expectFailureReported(look, 'ENOSPC');
    expect(look.health).to.equal('failing');
    expectBalanced(look.stats);
    await expectTheRestStored(child, requests);
  });

  for (const mode of ['wal', 'overflow'] as const) {
    it(`goes on in memory where it may not write in its folder (${mode})`, async () => {
      await mkdir(folder.file('spool'), { mode: 0o500 });
      await chmod(folder.path, 0o755);
      const child = await TrackedChild.start({
        ...config(mode, mode === 'wal' ? 10_000 : 30),
        ...(isRoot && { userId: 65_534 }),
      });
      const requests = new Requests('forbidden');
      await requests.send(child.port, 100);
      const look = await child.waitFor('all is handed over', ({ stats }) => stats.accepted === 100);
      expectFailureReported(look, 'EACCES');
      expect(look.stats.spooled).to.equal(0);
      expectBalanced(look.stats);
      if (mode === 'wal') expect(look.drops).to.deep.equal([]);
      else {
        expect(look.stats.dropped).to.include({ 'spool-error': 70 });
        expect(look.lines.filter((line) => line.includes('dropped'))).to.have.lengthOf(1);
      }
      await expectTheRestStored(child, requests);
    });
  }

  it('drops and counts what it cannot write while the process has no file handle left, and writes again later', async () => {
    const child = await TrackedChild.start(config('overflow', 30), [
      'sh',
      '-c',
      'ulimit -n 80; exec "$@"',
      'sh',
    ]);
    const requests = new Requests('handles');
    await requests.send(child.port, 20);
    await child.ask('exhaustHandles');
    await requests.send(child.port, 40);
    const look = await child.waitFor('records are lost', ({ stats }) => stats.dropped['spool-error'] > 0);
    expectReportedOnce(look, 'EMFILE');
    expectFailureReported(look, 'EMFILE');
    expectBalanced(look.stats);
    await child.ask('freeHandles');
    await until(async () => {
      await requests.send(child.port, 1);
      return (await child.look()).stats.spooled > 0;
    }, 'the spool is written again');
    await expectTheRestStored(child, requests);
  });
});
