import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { noDrops } from '../src/pipeline/telling/accounting.js';
import type { EndingConfig, EndingReport } from './support/children/child-config.js';
import { type Ended, run } from './support/run.js';
import { useTemporaryFolder } from './support/sqlite.js';
import { TrackedChild, killAll, storedPaths } from './support/tracked-child.js';

const SCRIPT = fileURLToPath(new URL('support/children/ending-script.js', import.meta.url));
/** Long enough that nothing is stored before the script ends. */
const LAZY = { batch: { maxDelayMs: 3_600_000 } };

const lost = { ...noDrops(), 'shutdown-timeout': 10 };

describe('A script that serves some requests', () => {
  const folder = useTemporaryFolder(killAll);

  const spool = (mode: 'wal' | 'overflow') => ({ dir: folder.file('spool'), mode });

  async function end(config: Partial<EndingConfig>): Promise<Ended & EndingReport> {
    const whole: EndingConfig = {
      database: folder.file('usage.db'),
      mood: 'store',
      requests: 10,
      how: 'end',
      tracker: LAZY,
      ...config,
    };
    const ended = await run(process.execPath, [SCRIPT, JSON.stringify(whole)]);
    return { ...ended, ...(JSON.parse(ended.stdout) as EndingReport) };
  }

  const stored = (): number => storedPaths(folder.file('usage.db')).length;

  it('stores what is queued when it ends, without being told', async () => {
    expect(await end({})).to.deep.include({ code: 0, stderr: '', attempts: [1] });
    expect(stored()).to.equal(10);
  });

  for (const client of ['SQLite', 'libSQL'] as const)
    it(`stores what is queued when it ends, in SqlStorage on ${client}, which nobody closes`, async () => {
      const ended = await end({ client });
      expect(ended).to.include({ code: 0, stderr: '' });
      expect(ended.stats).to.include({ stored: 10, queued: 0 });
    });

  it('stores what is spooled when it ends', async () => {
    const { stats } = await end({ tracker: { ...LAZY, spool: spool('wal') } });
    expect(stats).to.include({ stored: 10, spooled: 0 });
    expect(stored()).to.equal(10);
  });

  it('tries once and ends when the storage fails, and tells what is lost', async () => {
    const { code, attempts, runs, stats, stderr } = await end({ mood: 'reject' });
    expect(attempts).to.deep.equal([1]);
    expect(runs).to.be.within(1, 3);
    expect(code).to.equal(0);
    expect(stats).to.deep.include({ accepted: 10, queued: 0, inFlight: 0, dropped: lost });
    expect(stderr.split('\n')).to.deep.equal([
      "koa-track-usage: the storage 'keyed' failed; its records wait and are tried again: Error: out of order",
      'koa-track-usage: records were dropped (keyed shutdown-timeout 10): Error: out of order',
      '',
    ]);
  });

  for (const mode of ['wal', 'overflow'] as const) {
    it(`tries once and ends when the storage fails, and leaves a spool to the next one: ${mode}`, async () => {
      const { attempts, runs } = await end({ mood: 'reject', tracker: { ...LAZY, spool: spool(mode) } });
      expect(attempts).to.deep.equal([1]);
      expect(runs).to.be.within(1, 4);
      const next = await end({ requests: 0, tracker: { ...LAZY, spool: spool(mode) } });
      expect(next.stats).to.include({ accepted: 10, stored: 10 });
      expect(stored()).to.equal(10);
    });
  }

  it('ends although the storage hangs, and tells what is lost', async () => {
    const { code, stats, stderr } = await end({ mood: 'hang' });
    expect(code).to.equal(0);
    expect(stats).to.deep.include({ accepted: 10, queued: 0, inFlight: 0, dropped: lost });
    expect(stderr).to.equal('koa-track-usage: records were dropped (keyed shutdown-timeout 10)\n');
  });

  for (const [how, code] of [
    ['exit', 3],
    ['throw', 1],
  ] as const) {
    const ending = how === 'exit' ? 'by process.exit()' : 'of an uncaught exception';

    it(`loses what is in memory when it ends ${ending}, and tells of it`, async () => {
      const ended = await end({ how });
      expect(ended).to.deep.include({ code, attempts: [0] });
      expect(ended.stats).to.deep.include({ queued: 0, dropped: lost });
      expect(ended.stderr).to.include('koa-track-usage: records were dropped (keyed shutdown-timeout 10)\n');
      if (how === 'throw') expect(ended.stderr).to.include('nobody catches this');
      expect(stored()).to.equal(0);
    });

    it(`does not lose what is spooled when it ends ${ending}`, async () => {
      expect(await end({ how, mood: 'reject', tracker: { ...LAZY, spool: spool('wal') } })).to.include({
        code,
      });
      const next = await end({ requests: 0, tracker: { ...LAZY, spool: spool('wal') } });
      expect(next.stats).to.include({ accepted: 10, stored: 10 });
      expect(stored()).to.equal(10);
    });
  }

  it('may have many trackers without a warning of Node', async () => {
    const { code, stderr, attempts } = await end({
      requests: 30,
      trackers: 15,
      tracker: { ...LAZY, handleSignals: true },
    });
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(attempts).to.deep.equal(Array.from({ length: 15 }, () => 1));
    expect(stored()).to.equal(30);
  });

  it('leaves no listener behind when its trackers are closed', async () => {
    const child = await TrackedChild.start({
      database: folder.file('usage.db'),
      tracker: { handleSignals: true },
    });
    expect(await child.ask('listeners')).to.deep.equal({ SIGTERM: 1, SIGINT: 1, beforeExit: 1, exit: 1 });
    await child.ask('close', 1000);
    expect(await child.ask('listeners')).to.deep.equal({ SIGTERM: 0, SIGINT: 0, beforeExit: 0, exit: 0 });
  });
});
