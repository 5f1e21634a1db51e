import { expect } from 'chai';
import type { TrackUsageOptions } from '../../../../src/index.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { serveHandler } from '../../../support/serve-handler.js';
import type { Served } from '../../../support/serve.js';
import { until } from '../../../support/until.js';

describe('The option user, where it takes time', () => {
  let served: Served;
  let lines: string[];

  async function start(options: TrackUsageOptions): Promise<void> {
    lines = [];
    const log = (line: string): void => void lines.push(line);
    served = await serveHandler((ctx) => void (ctx.body = 'ok'), {
      logger: { warn: log, error: log },
      ...options,
    });
    expect(await (await fetch(served.origin)).text()).to.equal('ok');
  }

  afterEach(() => served.close());

  it('is waited for, also by flush', async () => {
    await start({ user: (ctx) => Promise.resolve(`user of ${ctx.path}`) });
    expect((await served.records()).map(({ username }) => username)).to.deep.equal(['user of /']);
  });

  it('names nobody by empty text, be it late or at once', async () => {
    await start({ user: (ctx) => ctx.get('x-user') });
    expect((await served.records()).map(({ username }) => username)).to.deep.equal([null]);
    await served.close();
    await start({ user: (ctx) => Promise.resolve(ctx.get('x-user')) });
    expect((await served.records()).map(({ username }) => username)).to.deep.equal([null]);
    expect(lines).to.deep.equal([]);
  });

  for (const [how, user] of [
    ['rejects', () => Promise.reject(new Error('no session'))],
    ['resolves with a number', () => Promise.resolve(7)],
  ] as [string, () => Promise<string>][]) {
    it(`leaves the name out where the promise ${how}, and says so once`, async () => {
      await start({ user });
      await (await fetch(served.origin)).text();
      expect((await served.records()).map(({ username }) => username)).to.deep.equal([null, null]);
      expect(served.usage.tracker.stats().incomplete.username.failed).to.equal(2);
      expect(lines.filter((line) => line.includes("the option 'user'"))).to.have.lengthOf(1);
    });
  }

  it('holds up no record for longer than a second', async () => {
    const clock = new ManualClock();
    await start({ clock, user: () => new Promise<string>(() => {}) });
    const { tracker } = served.usage;
    await until(() => clock.pendingTimers > 0, 'the record waits');
    expect(tracker.stats()).to.include({ accepted: 0 });
    await clock.advance(1000);
    expect(tracker.stats()).to.include({ accepted: 1 });
    await tracker.flush();
    expect(served.memory.records[0]?.username).to.equal(null);
    expect(tracker.stats().incomplete.username).to.deep.equal({ full: 0, late: 1, closed: 0, failed: 0 });
    expect(lines.filter((line) => line.includes('stats().incomplete'))).to.have.lengthOf(1);
  });

  it('is waited for by as many as the queue may hold, and counts and says that others go without', async () => {
    const clock = new ManualClock();
    await start({ clock, queue: { maxRecords: 2 }, user: () => new Promise<string>(() => {}) });
    const { tracker } = served.usage;
    for (let count = 0; count < 4; count += 1) await (await fetch(served.origin)).text();
    await until(() => tracker.stats().incomplete.username.full === 3, 'three found no room');
    expect(lines.filter((line) => line.includes("'queue.maxRecords'"))).to.have.lengthOf(1);
    await clock.advance(1000);
    expect(tracker.stats().incomplete).to.deep.equal({
      username: { full: 3, late: 2, closed: 0, failed: 0 },
      ipInfo: { full: 0, late: 0, closed: 0, failed: 0 },
      visitor: { full: 0, late: 0, closed: 0, failed: 0 },
      trackVar: { full: 0, late: 0, closed: 0, failed: 0 },
    });
  });

  it('holds up close for no longer than a second either', async () => {
    const clock = new ManualClock();
    await start({ clock, user: () => new Promise<string>(() => {}) });
    const { tracker } = served.usage;
    await until(() => clock.pendingTimers > 0, 'the record waits');
    const closing = tracker.close();
    await clock.advance(999);
    expect(tracker.stats()).to.include({ accepted: 0 });
    await clock.advance(1);
    expect(await closing).to.include({ stored: 1 });
  });
});
