import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import Koa from 'koa';
import { TrackUsageError, type UsageTracker, trackUsage } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { serve } from '../support/serve.js';
import { until } from '../support/until.js';

/** What a promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

/** How many records are known of. */
async function ask(tracker: UsageTracker, how: 'stats' | 'flush' | 'close'): Promise<number> {
  if (how === 'stats') return tracker.stats().accepted;
  if (how === 'close') return (await tracker.close()).stored;
  await tracker.flush();
  return tracker.stats().stored;
}

describe('trackUsage', () => {
  it('returns a middleware with the handle of its tracker', async () => {
    const usage = trackUsage({ storage: new MemoryStorage() });
    expect(usage).to.be.a('function');
    expect(usage.tracker.stats()).to.include({ accepted: 0, stored: 0, queued: 0, inFlight: 0 });
    await usage.tracker.flush();
    expect(await usage.tracker.close()).to.deep.equal({ stored: 0, spooled: 0, dropped: 0 });
  });

  for (const timeoutMs of [-1, 1.5, Number.NaN, '5', null]) {
    it(`refuses to close with a time out of ${String(timeoutMs)}, and stays open`, async () => {
      const storage = new FaultyStorage();
      const { tracker } = trackUsage({ storage });
      const error = await rejection(tracker.close({ timeoutMs: timeoutMs as number }));
      expect(error).to.be.instanceOf(TrackUsageError);
      expect((error as Error).message).to.match(
        /tracker\.close: the option 'timeoutMs' is .*; expected an integer from 0/,
      );
      expect(storage.closed).to.equal(0);
    });
  }

  it('calls listeners until they are taken back', async () => {
    const served = await serve({
      tracker: { defaultPolicy: 'include', trackUnmatched: true },
      after: [(context) => void (context.body = 'ok')],
    });
    const flushed: number[] = [];
    const listener = ({ stored }: { stored: number }): void => void flushed.push(stored);
    expect(served.usage.tracker.on('flush', listener)).to.equal(served.usage.tracker);
    await (await fetch(served.origin)).text();
    await served.records();
    served.usage.tracker.off('flush', listener);
    await (await fetch(served.origin)).text();
    await served.records();
    await served.close();
    expect(flushed).to.deep.equal([1]);
  });

  it('serves requests after close, and counts them as late', async () => {
    const served = await serve({
      tracker: {
        defaultPolicy: 'include',
        trackUnmatched: true,
        logger: { warn: () => {}, error: () => {} },
      },
      after: [(context) => void (context.body = 'ok')],
    });
    await served.usage.tracker.close();
    expect(await (await fetch(served.origin)).text()).to.equal('ok');
    await served.records();
    expect(served.usage.tracker.stats().dropped.late).to.equal(1);
    await served.close();
  });

  for (const how of ['stats', 'flush', 'close'] as const) {
    it(`knows a request from the moment that its response has closed, asked by ${how}()`, async () => {
      const usage = trackUsage({
        storage: new MemoryStorage(),
        defaultPolicy: 'include',
        trackUnmatched: true,
        serverName: 'spec',
      });
      const known: Promise<number>[] = [];
      const app = new Koa();
      app.use(usage);
      app.use((context) => {
        // Behind the tracker's own listener, in the same turn of the event loop.
        context.res.on('close', () => known.push(ask(usage.tracker, how)));
        context.body = 'ok';
      });
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).text();
      await until(() => known.length === 1, 'the response has closed');
      expect(await known[0]).to.equal(1);
      server.closeAllConnections();
      server.close();
    });
  }

  it('lets memory grow by no more than its queue while the storage is away', async () => {
    const storage = new FaultyStorage();
    storage.mood = 'hang';
    const served = await serve({
      tracker: {
        storage,
        defaultPolicy: 'include',
        trackUnmatched: true,
        queue: { maxRecords: 20 },
        logger: { warn: () => {}, error: () => {} },
      },
      after: [(context) => void (context.body = 'ok')],
    });
    for (let index = 0; index < 50; index += 1) await (await fetch(served.origin)).text();
    const stats = served.usage.tracker.stats();
    expect(stats.queued + stats.inFlight).to.equal(20);
    expect(stats.dropped['queue-full']).to.equal(stats.accepted - 20);
    await served.close();
  });
});
