import { once } from 'node:events';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { Body, JsonController, Post } from 'routing-controllers';
import { TrackedController } from '../../../src/index.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { askRaw, connectRaw, exchangeRaw, rawRequest } from '../../support/raw-http.js';
import { onlyRecord, serveHandler } from '../../support/serve-handler.js';
import { type Served, serve } from '../../support/serve.js';
import { until } from '../../support/until.js';

const echo: Middleware = async (ctx) => {
  let bytes = 0;
  for await (const chunk of ctx.req) bytes += (chunk as Buffer).length;
  ctx.status = Number(ctx.get('x-status')) || 200;
  ctx.body = 'y'.repeat(bytes + 1);
};

function facts(records: readonly UsageRecord[]) {
  return records.map((record) => [record.path, record.status, record.requestBytes, record.responseBytes]);
}

@TrackedController()
@JsonController('/upload')
class UploadController {
  @Post('/')
  take(@Body() body: object) {
    return body;
  }
}

describe('Exchange', () => {
  let served: Served;

  async function start(handler: Middleware): Promise<Served> {
    served = await serveHandler(handler);
    return served;
  }

  afterEach(() => served.close());

  it('makes one record for each request of a connection that is kept alive', async () => {
    const { port } = await start(echo);
    const client = await connectRaw(port);
    for (const path of ['/1', '/2', '/3']) {
      client.send(rawRequest(path, ['Content-Length: 2', 'X-Status: 201'], 'POST', 'ab'));
      await until(() => client.received().split('yyy').length > Number(path.slice(1)), 'the answer is there');
    }
    await client.leave();
    expect(facts(await served.records())).to.deep.equal([
      ['/1', 201, 2, 3],
      ['/2', 201, 2, 3],
      ['/3', 201, 2, 3],
    ]);
  });

  it('keeps the requests of one packet apart, in their order', async () => {
    const { port } = await start(echo);
    await exchangeRaw(
      port,
      rawRequest('/1', ['Content-Length: 5'], 'POST', 'a'.repeat(5)) +
        rawRequest('/2', ['X-Status: 202']) +
        rawRequest('/3', ['Content-Length: 9', 'X-Status: 418', 'Connection: close'], 'PUT', 'a'.repeat(9)),
    );
    expect(facts(await served.records())).to.deep.equal([
      ['/1', 200, 5, 6],
      ['/2', 202, 0, 1],
      ['/3', 418, 9, 10],
    ]);
  });

  it('records every request of one packet when the client leaves before the first is answered', async () => {
    let running = 0;
    const { port, usage } = await start(async (ctx) => {
      running += 1;
      if (ctx.path === '/1') await once(ctx.res, 'close');
      else ctx.body = 'ready, but not its turn';
    });
    const client = await connectRaw(port);
    client.send(rawRequest('/1') + rawRequest('/2'));
    await until(() => running === 2, 'both handlers run');
    await client.leave();
    await until(() => usage.tracker.stats().accepted === 2, 'both requests are recorded');
    await usage.tracker.flush();
    const { records } = served.memory;
    expect(records.map(({ path, status, aborted }) => [path, status, aborted])).to.have.deep.members([
      ['/1', null, true],
      ['/2', null, true],
    ]);
  });

  it('makes one record where the middleware is mounted twice', async () => {
    served = await serve({
      tracker: { defaultPolicy: 'include', trackUnmatched: true },
      after: [(ctx, next) => served.usage(ctx, next), (ctx) => void (ctx.body = 'ok')],
    });
    await askRaw(served.port, '/');
    expect(await onlyRecord(served)).to.include({ status: 200, responseBytes: 2 });
  });

  it('makes one record of a response that says twice that it has closed', async () => {
    let closes = 0;
    const { port, usage, memory } = await start((ctx) => {
      ctx.res.on('close', () => (closes += 1));
      ctx.res.once('close', () => ctx.res.emit('close'));
      ctx.body = 'ok';
    });
    await askRaw(port, '/');
    await until(() => closes === 2, 'the response has closed twice');
    await usage.tracker.flush();
    expect(memory.records).to.have.length(1);
  });

  it('makes no record of a request that is not tracked', async () => {
    served = await serve({ after: [(ctx) => void (ctx.body = 'ok')] });
    expect(await askRaw(served.port, '/')).to.match(/ok$/);
    expect(await served.records()).to.deep.equal([]);
  });

  it('records a handler that answers past Koa', async () => {
    const { port } = await start((ctx) => {
      ctx.respond = false;
      ctx.res.writeHead(207, { 'content-type': 'text/plain' });
      ctx.res.write('one');
      ctx.res.end('two!');
    });
    expect(await askRaw(port, '/')).to.match(/^HTTP\/1.1 207 [^]*one[^]*two!/);
    expect(await onlyRecord(served)).to.include({ status: 207, responseBytes: 7, aborted: false });
  });

  it('records a handler that answers past Koa and does not say so', async () => {
    const { port } = await start((ctx) => {
      ctx.res.statusCode = 203;
      ctx.res.end('direct');
    });
    expect(await askRaw(port, '/')).to.match(/^HTTP\/1.1 203 [^]*direct$/);
    expect(await onlyRecord(served)).to.include({ status: 203, responseBytes: 6, aborted: false });
  });

  it('records HTTP/1.0, with and without a host', async () => {
    const { port } = await start((ctx) => void (ctx.body = 'ok'));
    expect(await exchangeRaw(port, 'GET /old HTTP/1.0\r\n\r\n')).to.match(/ok$/);
    expect(await exchangeRaw(port, 'GET /old HTTP/1.0\r\nHost: spec.test\r\n\r\n')).to.match(/ok$/);
    const records = await served.records();
    expect(records.map(({ path, status }) => [path, status])).to.deep.equal([
      ['/old', 200],
      ['/old', 200],
    ]);
    expect(records[1]?.url).to.equal('http://spec.test/old');
  });

  it('lets a client wait for 100 Continue', async () => {
    const { port } = await start(echo);
    const client = await connectRaw(port);
    client.send(rawRequest('/', ['Expect: 100-continue', 'Content-Length: 4', 'Connection: close'], 'POST'));
    await client.hears('100 Continue');
    client.send('abcd');
    expect(await client.ended()).to.match(/200 OK[^]*yyyyy$/);
    expect(await onlyRecord(served)).to.include({ status: 200, requestBytes: 4, responseBytes: 5 });
  });

  const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket'];

  it('leaves a connection alone that the application upgrades', async () => {
    const { port, server } = await start((ctx) => void (ctx.body = 'ok'));
    server.on('upgrade', (_request, socket) => {
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello',
      );
    });
    expect(await exchangeRaw(port, rawRequest('/socket', UPGRADE))).to.match(/^HTTP\/1.1 101 [^]*hello$/);
    expect(await askRaw(port, '/plain')).to.match(/ok$/);
    expect(facts(await served.records())).to.deep.equal([['/plain', 200, 0, 2]]);
  });

  it('records an upgrade that nobody listens for as the request that it is', async () => {
    const { port } = await start((ctx) => {
      ctx.set('Connection', 'close');
      ctx.body = 'ok';
    });
    expect(await exchangeRaw(port, rawRequest('/socket', UPGRADE))).to.match(/^HTTP\/1.1 200 [^]*ok$/);
    expect(facts(await served.records())).to.deep.equal([['/socket', 200, 0, 2]]);
  });

  it('records a request whose client leaves while the body parser reads', async () => {
    let running = false;
    served = await serve({
      controllers: [UploadController],
      tracker: { defaultPolicy: 'include', trackUnmatched: true },
      between: [
        (_ctx, next) => {
          running = true;
          return next();
        },
      ],
    });
    const client = await connectRaw(served.port);
    client.send(
      rawRequest('/upload', ['Content-Type: application/json', 'Content-Length: 100'], 'POST', '{"name":'),
    );
    await until(() => running, 'the body parser reads');
    await client.leave();
    expect(await onlyRecord(served)).to.include({
      path: '/upload',
      aborted: true,
      status: null,
      responseBytes: 0,
    });
  });
});
