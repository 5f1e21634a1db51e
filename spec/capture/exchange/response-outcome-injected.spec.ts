import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import Koa, { type Middleware } from 'koa';
import inject, { type InjectOptions } from 'light-my-request';
import { type UsageMiddleware, trackUsage } from '../../../src/index.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { until } from '../../support/until.js';

describe('A request that is injected without a connection', () => {
  let memory: MemoryStorage;
  let usage: UsageMiddleware;

  beforeEach(() => {
    memory = new MemoryStorage();
    usage = trackUsage({ storage: memory, defaultPolicy: 'include', trackUnmatched: true });
  });

  afterEach(() => usage.tracker.close());

  async function record(handler: Middleware, options: InjectOptions): Promise<object> {
    const app = new Koa();
    app.silent = true;
    const callback = app.use(usage).use(handler).callback();
    await inject((request, response) => void callback(request, response), options).catch(() => undefined);
    await until(() => usage.tracker.stats().accepted === 1, 'the request is recorded');
    await usage.tracker.flush();
    return memory.records[0] ?? {};
  }

  for (const [what, body, responseBytes] of [
    ['text', () => 'done', 4],
    ['a stream', () => new PassThrough().end('streamed'), 8],
    ['nothing', () => null, 0],
  ] as const) {
    it(`is complete when it was answered with ${what}`, async () => {
      const made = await record((ctx) => void (ctx.body = body()), { method: 'GET', url: '/things' });
      const status = body() === null ? 204 : 200;
      expect(made).to.include({ path: '/things', status, aborted: false, errorType: null, responseBytes });
    });
  }

  it('is complete when its body was read', async () => {
    const made = await record(
      async (ctx) => {
        for await (const chunk of ctx.req) void chunk;
        ctx.status = 201;
        ctx.body = 'made';
      },
      { method: 'POST', url: '/things', payload: 'a body' },
    );
    expect(made).to.include({ status: 201, aborted: false, requestBytes: 6, responseBytes: 4 });
  });

  it('is aborted when it was broken off before its end', async () => {
    const made = await record(
      (ctx) => {
        ctx.respond = false;
        ctx.status = 200;
        ctx.res.write('half');
        ctx.res.destroy();
      },
      { method: 'GET', url: '/things' },
    );
    expect(made).to.include({ status: 200, aborted: true });
  });
});
