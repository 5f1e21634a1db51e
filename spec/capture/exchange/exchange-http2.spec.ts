import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
  connect,
  constants,
  createServer,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import Koa, { type Middleware } from 'koa';
import { type TrackUsageOptions, type UsageMiddleware, trackUsage } from '../../../src/index.js';
import { ConnectionMemory } from '../../../src/capture/client/connection-memory.js';
import { exchangeOf } from '../../../src/capture/exchange/exchange.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { itOnKoa3 } from '../../support/generation.js';
import { until } from '../../support/until.js';

describe('Exchange over HTTP/2', () => {
  let memory: MemoryStorage;
  let usage: UsageMiddleware;
  let server: Http2Server;
  let client: ClientHttp2Session;

  async function start(handler: Middleware, options: TrackUsageOptions = {}): Promise<void> {
    memory = new MemoryStorage();
    usage = trackUsage({ storage: memory, defaultPolicy: 'include', trackUnmatched: true, ...options });
    const app = new Koa();
    app.silent = true;
    app.use(usage).use(handler);
    const callback = app.callback();
    server = createServer((request, response) => void callback(request as never, response as never));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  afterEach(async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
    await usage.tracker.close({ timeoutMs: 100 });
  });

  async function ask(headers: Record<string, string>, body = ''): Promise<string> {
    const stream = client.request(headers, { endStream: body === '' });
    stream.setEncoding('utf8');
    if (body !== '') stream.end(body);
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  }

  async function records(count: number) {
    await until(() => usage.tracker.stats().accepted === count, 'the requests are recorded');
    await usage.tracker.flush();
    return memory.records;
  }

  it('keeps no method that a caller has made up where the redaction fails', async () => {
    await start((ctx) => void (ctx.body = 'ok'), {
      logger: { warn: () => {}, error: () => {} },
      redact: () => {
        throw new Error('broken');
      },
    });
    await ask({ ':path': '/', ':method': 'HUNTER2' });
    await ask({ ':path': '/', ':method': 'PATCH' });
    const kept = await records(2);
    expect(kept.map(({ method }) => method)).to.deep.equal(['REDACTED', 'PATCH']);
  });

  it('knows a connection again, of which each request has a socket of its own', async () => {
    const known: unknown[] = [];
    const memories = new ConnectionMemory();
    await start((ctx) => {
      known.push(memories.read(ctx, exchangeOf(ctx)?.connection ?? {}));
      ctx.body = 'ok';
    });
    for (let count = 0; count < 3; count += 1) await ask({ ':path': '/', 'user-agent': 'curl/8' });
    expect(new Set(known).size).to.equal(1);
    expect(
      (await records(3)).map(({ url, userAgent }) => [new URL(url).host, userAgent.string]),
    ).to.deep.equal(
      Array.from({ length: 3 }, () => [`127.0.0.1:${(server.address() as AddressInfo).port}`, 'curl/8']),
    );
  });

  it('records a request and its bytes', async () => {
    await start(async (ctx) => {
      for await (const chunk of ctx.req) void chunk;
      ctx.status = 201;
      ctx.body = 'done';
    });
    expect(await ask({ ':path': '/users?x=1', ':method': 'POST', 'user-agent': 'curl/8' }, 'é!')).to.equal(
      'done',
    );
    const [record] = await records(1);
    expect(record).to.include({
      method: 'POST',
      path: '/users',
      status: 201,
      aborted: false,
      errorType: null,
      requestBytes: 3,
      responseBytes: 4,
      remoteAddr: '127.0.0.0',
      bot: false,
    });
    expect(record?.url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/users$/);
  });

  it('keeps the requests of one connection apart', async () => {
    await start((ctx) => void (ctx.body = ctx.path));
    await Promise.all(['/a', '/bb', '/ccc'].map((path) => ask({ ':path': path })));
    const made = await records(3);
    expect(made.map(({ path, responseBytes }) => [path, responseBytes])).to.have.deep.members([
      ['/a', 2],
      ['/bb', 3],
      ['/ccc', 4],
    ]);
  });

  itOnKoa3('leaves HEAD without an answer', 'takes HEAD for a response without a body', async () => {
    await start((ctx) => void (ctx.body = 'never sent'));
    await ask({ ':path': '/', ':method': 'HEAD' });
    expect((await records(1))[0]).to.include({ status: 200, aborted: false, responseBytes: 0 });
  });

  it('tells no status of a stream that the client resets before the headers', async () => {
    let running = false;
    await start(async (ctx) => {
      running = true;
      await once(ctx.res, 'close');
    });
    const stream = client.request({ ':path': '/slow' });
    stream.on('error', () => undefined);
    await until(() => running, 'the handler runs');
    stream.close(constants.NGHTTP2_CANCEL);
    expect((await records(1))[0]).to.include({ status: null, aborted: true, errorType: null });
  });

  it('tells the status that went out before the client resets the stream', async () => {
    await start((ctx) => {
      const body = new PassThrough();
      body.write('half');
      ctx.body = body;
    });
    const stream = client.request({ ':path': '/' });
    stream.on('error', () => undefined);
    await once(stream, 'data');
    stream.close(constants.NGHTTP2_CANCEL);
    expect((await records(1))[0]).to.include({
      status: 200,
      aborted: true,
      errorType: null,
      responseBytes: 4,
    });
  });

  itOnKoa3(
    'leaves the response open when its stream breaks',
    'names the error of a stream that breaks midway, and does not blame the client',
    async () => {
      class DiskError extends Error {}
      const body = new PassThrough();
      await start((ctx) => {
        body.write('half');
        ctx.body = body;
      });
      const stream = client.request({ ':path': '/' });
      stream.on('error', () => undefined);
      await once(stream, 'data');
      body.destroy(new DiskError('gone'));
      expect((await records(1))[0]).to.include({ status: 200, aborted: false, errorType: 'DiskError' });
    },
  );

  it('blames the client for a reset with an error code', async () => {
    await start((ctx) => {
      const body = new PassThrough();
      body.write('half');
      ctx.body = body;
    });
    const stream = client.request({ ':path': '/' });
    stream.on('error', () => undefined);
    await once(stream, 'data');
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    expect((await records(1))[0]).to.include({ status: 200, aborted: true, errorType: null });
  });

  for (const [what, leave] of [
    ['that is never answered', (stream: ClientHttp2Stream) => stream.close(constants.NGHTTP2_CANCEL)],
    ['whose connection is gone', () => client.destroy()],
  ] as const) {
    it(`records a HEAD ${what}, once, as one that the client left`, async () => {
      const never = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      await start(() => {
        begun.resolve();
        return never.promise;
      });
      const stream = client.request({ ':path': '/', ':method': 'HEAD' });
      stream.on('error', () => {});
      client.on('error', () => {});
      await begun.promise;
      leave(stream);
      const [record] = await records(1);
      expect(record).to.include({ method: 'HEAD', status: null, aborted: true, responseBytes: 0 });
      never.resolve();
      await new Promise(setImmediate);
      expect(usage.tracker.stats().accepted).to.equal(1);
    });
  }
});
