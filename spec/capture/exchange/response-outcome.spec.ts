import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { connectRaw, askRaw, rawRequest } from '../../support/raw-http.js';
import { onlyRecord, serveHandler } from '../../support/serve-handler.js';
import type { Served } from '../../support/serve.js';
import { itOnKoa3 } from '../../support/generation.js';
import { until } from '../../support/until.js';

class DiskError extends Error {}

describe('readOutcome', () => {
  let served: Served;

  async function start(handler: Middleware): Promise<Served> {
    served = await serveHandler(handler);
    return served;
  }

  afterEach(() => served.close());

  for (const [what, status, handler] of [
    ['an answer', 200, (ctx) => void (ctx.body = 'ok')],
    ['an answer that nobody gave', 404, () => undefined],
    ['no content', 204, (ctx) => void (ctx.status = 204)],
    ['not modified', 304, (ctx) => void (ctx.status = 304)],
    ['a redirect', 302, (ctx) => ctx.redirect('/elsewhere')],
    ['an error that Koa answers', 418, (ctx) => ctx.throw(418)],
    ['an error without a status', 500, () => Promise.reject(new Error('broken'))],
  ] as [string, number, Middleware][]) {
    it(`reads ${status} from ${what}`, async () => {
      const { port } = await start(handler);
      for (const method of ['GET', 'HEAD']) {
        const [, sent] = /^HTTP\/1.1 (\d+)/.exec(await askRaw(port, '/', [], method)) ?? [];
        expect(Number(sent)).to.equal(status);
      }
      const records = await served.records();
      expect(records.map((record) => [record.method, record.status, record.aborted])).to.deep.equal([
        ['GET', status, false],
        ['HEAD', status, false],
      ]);
    });
  }

  it('keeps the status that went out when an error comes behind the headers', async () => {
    const { port } = await start(async (ctx) => {
      ctx.respond = false;
      ctx.res.writeHead(202);
      ctx.res.write('begun');
      setImmediate(() => ctx.res.end());
      throw new Error('too late');
    });
    await askRaw(port, '/');
    expect(await onlyRecord(served)).to.include({ status: 202, aborted: false, responseBytes: 5 });
  });

  itOnKoa3(
    'tells the response nothing of an error of its stream',
    'names the error of a stream that breaks before its first byte',
    async () => {
      const { port } = await start((ctx) => {
        ctx.body = new Readable({
          read: function () {
            this.destroy(new DiskError('gone'));
          },
        });
      });
      const response = await askRaw(port, '/');
      const [, sent] = /^HTTP\/1.1 (\d+)/.exec(response) ?? [];
      expect(await onlyRecord(served)).to.include({
        status: sent === undefined ? null : Number(sent),
        aborted: false,
        errorType: 'DiskError',
      });
    },
  );

  itOnKoa3(
    'leaves the response open when its stream breaks',
    'names the error of a stream that breaks midway, and does not blame the client',
    async () => {
      const body = new PassThrough();
      const { port } = await start((ctx) => {
        body.write('half');
        ctx.body = body;
      });
      const client = await connectRaw(port);
      client.send(rawRequest('/'));
      await client.hears('half');
      body.destroy(new DiskError('gone'));
      await client.ended();
      expect(await onlyRecord(served)).to.include({
        status: 200,
        aborted: false,
        errorType: 'DiskError',
        responseBytes: 4,
      });
    },
  );

  it('tells no status of a response whose client left before the headers', async () => {
    let running = false;
    const { port } = await start(async (ctx) => {
      running = true;
      await once(ctx.res, 'close');
    });
    const client = await connectRaw(port);
    client.send(rawRequest('/slow'));
    await until(() => running, 'the handler runs');
    await client.leave();
    expect(await onlyRecord(served)).to.include({ status: null, aborted: true, responseBytes: 0 });
  });

  it('does not take the answer of a handler that notices nothing for one that went out', async () => {
    let answer: (() => void) | undefined;
    const { port } = await start(async (ctx) => {
      await new Promise<void>((resolve) => (answer = resolve));
      ctx.body = 'nobody hears this';
    });
    const client = await connectRaw(port);
    client.send(rawRequest('/slow'));
    await until(() => answer !== undefined, 'the handler runs');
    await client.leave();
    const record = await onlyRecord(served);
    answer?.();
    expect(record).to.include({ status: null, aborted: true });
    expect(await served.records()).to.have.length(1);
  });

  it('tells the status that went out before the client left', async () => {
    const { port } = await start((ctx) => {
      ctx.status = 206;
      const body = new PassThrough();
      body.write('half');
      ctx.body = body;
    });
    const client = await connectRaw(port);
    client.send(rawRequest('/'));
    await client.hears('half');
    await client.leave();
    expect(await onlyRecord(served)).to.include({
      status: 206,
      aborted: true,
      errorType: null,
      responseBytes: 4,
    });
  });

  it('notices a client that leaves while it uploads', async () => {
    let arrived = 0;
    const { port } = await start(async (ctx) => {
      for await (const chunk of ctx.req) arrived += (chunk as Buffer).length;
      ctx.body = 'ok';
    });
    const client = await connectRaw(port);
    client.send(rawRequest('/', ['Content-Length: 1000'], 'POST', 'x'.repeat(10)));
    await until(() => arrived === 10, 'the first bytes have arrived');
    await client.leave();
    expect(await onlyRecord(served)).to.include({ method: 'POST', aborted: true, requestBytes: 10 });
  });

  it('records the requests that a closing server breaks off', async () => {
    let running = 0;
    const { port, server } = await start(async (ctx) => {
      running += 1;
      await once(ctx.res, 'close');
    });
    const clients = await Promise.all([connectRaw(port), connectRaw(port), connectRaw(port)]);
    for (const client of clients) client.send(rawRequest('/'));
    await until(() => running === clients.length, 'all requests are in progress');
    server.closeAllConnections();
    await Promise.all(clients.map((client) => client.ended()));
    const records = await served.records();
    expect(records.map(({ status, aborted }) => [status, aborted])).to.deep.equal(
      clients.map(() => [null, true]),
    );
  });
});
