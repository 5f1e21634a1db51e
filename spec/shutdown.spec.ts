import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { expect } from 'chai';
import type { ChildConfig } from './support/children/child-config.js';
import { useTemporaryFolder } from './support/sqlite.js';
import { until } from './support/until.js';
import { Requests, TrackedChild, killAll, storedPaths } from './support/tracked-child.js';

/** Whether a port takes no connections; it sends no request. */
function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.destroy());
    socket.on('error', () => resolve(true)).on('close', () => resolve(false));
  });
}

/** Long enough that nothing is stored before somebody asks for it. */
const LAZY = { batch: { maxDelayMs: 3_600_000 }, retry: { minDelayMs: 1, maxDelayMs: 20 } };

describe('A server that is told to end', function shutdown() {
  this.timeout(20_000);
  const folder = useTemporaryFolder(killAll);

  async function started(
    config: Partial<ChildConfig>,
    wrapper: readonly string[] = [],
  ): Promise<TrackedChild> {
    const whole = {
      database: folder.file('usage.db'),
      ...config,
      tracker: { ...LAZY, handleSignals: true, ...config.tracker },
    };
    const child = await TrackedChild.start(whole, wrapper);
    await new Requests('r').send(child.port, 20);
    await child.waitFor('all is handed over', ({ accepted }) => accepted === 20);
    return child;
  }

  const stored = (): number => storedPaths(folder.file('usage.db')).length;

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`stores what is queued and dies of ${signal}`, async () => {
      const child = await started({});
      child.signal(signal);
      expect(await child.ended).to.deep.equal({ code: null, signal });
      expect(stored()).to.equal(20);
    });
  }

  it('stores what is queued and ends where it is the first process of a container', async function (this: Mocha.Context) {
    const container = ['unshare', '--pid', '--fork', '--kill-child'];
    if (spawnSync('unshare', [...container.slice(1), 'true']).status !== 0) this.skip();
    const child = await started({}, container);
    await child.ask('signal', 'SIGTERM');
    expect(await child.ended).to.deep.equal({ code: 143, signal: null });
    expect(stored()).to.equal(20);
  });

  for (const signal of ['SIGHUP', 'SIGUSR2'] as const) {
    it(`stores what is queued and dies of ${signal}, if it was told so`, async () => {
      const child = await started({ tracker: { handleSignals: { signals: ['SIGHUP', 'SIGUSR2'] } } });
      child.signal(signal);
      expect(await child.ended).to.deep.equal({ code: null, signal });
      expect(stored()).to.equal(20);
    });
  }

  it('dies at once of a signal that it was not told to handle', async () => {
    const child = await started({ tracker: { handleSignals: { signals: ['SIGUSR2'] } } });
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(stored()).to.equal(0);
  });

  it('answers what is under way, records that, and takes nothing new, if it was told to end its server', async () => {
    const child = await started({ endsServer: true });
    const answer = fetch(`http://127.0.0.1:${child.port}/held/1`).then((response) => response.text());
    await until(async () => (await child.ask<number>('held')) === 1, 'the request is under way');
    child.signal('SIGTERM');
    await until(() => isRefused(child.port), 'new connections are refused');
    await child.ask('answer');
    expect(await answer).to.equal('answer to /held/1');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(stored()).to.equal(21);
    expect(child.stderr).to.equal('');
  });

  it('cuts what never ends, stores all the same, and does so for all trackers of a server', async () => {
    const child = await started({
      endsServer: true,
      trackers: 3,
      tracker: { handleSignals: { timeoutMs: 600 } },
    });
    const answers = ['/held/1', '/held/2', '/held/3'].map((path) =>
      fetch(`http://127.0.0.1:${child.port}${path}`).catch(() => 'cut'),
    );
    await until(async () => (await child.ask<number>('held')) === 3, 'the requests are under way');
    child.signal('SIGTERM');
    expect(await Promise.all(answers)).to.deep.equal(['cut', 'cut', 'cut']);
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(stored()).to.equal(23);
  });

  it('ends at once at a second signal, though a request is under way', async () => {
    const tracker = { handleSignals: { timeoutMs: 3_600_000, signals: ['SIGTERM', 'SIGHUP'] as const } };
    const child = await started({ endsServer: true, tracker });
    const answer = fetch(`http://127.0.0.1:${child.port}/held/1`).catch(() => 'cut');
    await until(async () => (await child.ask<number>('held')) === 1, 'the request is under way');
    child.signal('SIGHUP');
    await until(() => isRefused(child.port), 'new connections are refused');
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(await answer).to.equal('cut');
  });

  it('dies at once where it was not told to handle signals', async () => {
    const child = await started({ tracker: { handleSignals: false } });
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(stored()).to.equal(0);
  });

  for (const listens of ['on', 'once'] as const) {
    it(`stores what is queued and leaves the end to an application that listens with ${listens}`, async () => {
      const child = await started({ listens });
      child.signal('SIGTERM');
      await child.heard('signal');
      expect(await child.ended).to.deep.equal({ code: 7, signal: null });
      expect(stored()).to.equal(20);
    });
  }

  it('finishes a flush that is under way first', async () => {
    const child = await started({ mood: 'slow' });
    void child.ask('flush');
    await child.waitFor('the flush has begun', ({ stats }) => stats.inFlight > 0 || stats.stored > 0);
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(stored()).to.equal(20);
  });

  it('waits for the slowest of several trackers', async () => {
    const child = await started({ trackers: 12, mood: 'slow' });
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(stored()).to.equal(20);
    expect(child.stderr).to.equal('');
  });

  it('waits for a tracker whose storage is slower than the others', async () => {
    const child = await started({ trackers: 2 });
    await child.ask('moodOfLast', 'slow');
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(stored()).to.equal(20);
  });

  it('ends at once at a second SIGTERM, and the spool keeps what was not stored', async () => {
    const spool = { dir: folder.file('spool'), mode: 'wal' as const };
    // The first signal alone would wait for the storage until the spec is given up.
    const handleSignals = { timeoutMs: 60_000 };
    const child = await started({ mood: 'hang', tracker: { spool, handleSignals } });
    await child.waitFor('all is on disk', ({ stats }) => stats.spooled === 20);
    child.signal('SIGTERM');
    await child.heard('middle');
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    const next = await TrackedChild.start({ database: folder.file('usage.db'), tracker: { spool } });
    await next.waitFor('all is stored', ({ stats }) => stats.stored === 20);
    expect(stored()).to.equal(20);
  });

  it('moves what the storage does not take in time to the spool', async () => {
    const spool = { dir: folder.file('spool'), mode: 'overflow' as const };
    const child = await started({ mood: 'reject', tracker: { spool } });
    const closed = await child.ask<{ spooled: number }>('close', 100);
    expect(closed).to.deep.include({ stored: 0, spooled: 20, dropped: 0 });
    await child.kill();
    const next = await TrackedChild.start({ database: folder.file('usage.db'), tracker: { spool } });
    await next.waitFor('all is stored', ({ stats }) => stats.stored === 20);
    expect(stored()).to.equal(20);
  });
});
