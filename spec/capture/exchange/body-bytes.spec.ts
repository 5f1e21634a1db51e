import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import { Body, JsonController, Post } from 'routing-controllers';
import { TrackedController } from '../../../src/index.js';
import { itOnKoa3 } from '../../support/generation.js';
import { askRaw, connectRaw, exchangeRaw, rawRequest } from '../../support/raw-http.js';
import { onlyRecord, serveHandler } from '../../support/serve-handler.js';
import { type Served, serve } from '../../support/serve.js';
import { until } from '../../support/until.js';

@TrackedController()
@JsonController('/echo')
class EchoController {
  @Post('/')
  echo(@Body() body: object) {
    return body;
  }
}

async function drain(ctx: Context): Promise<void> {
  for await (const chunk of ctx.req) void chunk;
  ctx.body = 'ok';
}

describe('The bytes of bodies', () => {
  let served: Served;

  async function start(handler: Middleware): Promise<Served> {
    served = await serveHandler(handler);
    return served;
  }

  afterEach(() => served.close());

  const BODIES: [string, number, () => unknown][] = [
    ['text in UTF-8', 8, () => 'zoë😀'],
    ['a buffer', 3, () => Buffer.from([1, 2, 3])],
    ['JSON', 13, () => ({ name: 'é' })],
    ['a stream', 7, () => Readable.from([Buffer.from('abc'), Buffer.from('defg')])],
    ['empty text', 0, () => ''],
    ['a body of more than one packet', 300_000, () => 'x'.repeat(300_000)],
  ];

  const WEB_BODIES: typeof BODIES = [
    ['a blob', 4, () => new Blob(['zoë'])],
    ['a web stream', 5, () => new Blob(['hello']).stream()],
    ['a fetch response', 6, () => new Response('answer')],
  ];

  async function expectCounted(bytes: number, body: () => unknown): Promise<void> {
    const { origin } = await start((ctx) => void (ctx.body = body()));
    const response = await fetch(origin);
    expect((await response.arrayBuffer()).byteLength).to.equal(bytes);
    expect((await onlyRecord(served)).responseBytes).to.equal(bytes);
  }

  for (const [what, bytes, body] of BODIES) {
    it(`are counted where the response is ${what}`, () => expectCounted(bytes, body));
  }

  for (const [what, bytes, body] of WEB_BODIES) {
    itOnKoa3('takes it for JSON', `are counted where the response is ${what}`, () =>
      expectCounted(bytes, body),
    );
  }

  for (const [what, status, method, body] of [
    ['answers HEAD', 200, 'HEAD', 'never sent'],
    ['answers HEAD from a stream', 200, 'HEAD', Readable.from(['never sent'])],
    ['is 204', 204, 'GET', null],
    ['is 304', 304, 'GET', 'never sent'],
  ] as const) {
    it(`are none where the response ${what}`, async () => {
      const { port } = await start((ctx) => {
        ctx.body = body;
        ctx.status = status;
      });
      expect(await askRaw(port, '/', [], method)).to.match(/\r\n\r\n$/);
      expect(await onlyRecord(served)).to.include({ status, responseBytes: 0 });
    });
  }

  it('are none for HEAD even where the application writes past Koa', async () => {
    const { port } = await start((ctx) => {
      ctx.respond = false;
      ctx.res.write('never');
      ctx.res.end('sent');
    });
    await askRaw(port, '/', [], 'HEAD');
    expect((await onlyRecord(served)).responseBytes).to.equal(0);
  });

  it('are counted in the encoding that they are written in', async () => {
    const { port } = await start((ctx) => {
      ctx.respond = false;
      ctx.res.write('é', 'latin1');
      ctx.res.write('c3a9', 'hex');
      ctx.res.write('é');
      ctx.res.end('é', 'latin1');
    });
    await askRaw(port, '/');
    expect((await onlyRecord(served)).responseBytes).to.equal(6);
  });

  it('are not counted after the end, as Node refuses them', async () => {
    const { port } = await start((ctx) => {
      ctx.respond = false;
      ctx.res.on('error', () => {});
      ctx.res.write('abc');
      ctx.res.end('de');
      ctx.res.write('too late');
      ctx.res.end('too late, too');
    });
    expect(await askRaw(port, '/')).to.not.include('too late');
    expect((await onlyRecord(served)).responseBytes).to.equal(5);
  });

  it('are counted where only a callback is given to end', async () => {
    let ended = false;
    const { port } = await start((ctx) => {
      ctx.respond = false;
      ctx.res.write('abc', () => undefined);
      ctx.res.end(() => (ended = true));
    });
    await askRaw(port, '/');
    expect((await onlyRecord(served)).responseBytes).to.equal(3);
    expect(ended).to.equal(true);
  });

  it('are counted from an upload of a declared length', async () => {
    const { origin } = await start(drain);
    await fetch(origin, { method: 'POST', body: 'é'.repeat(100_000) });
    expect((await onlyRecord(served)).requestBytes).to.equal(200_000);
  });

  it('are counted from a chunked upload, without the chunks’ own lines', async () => {
    const { port } = await start(drain);
    const body = '3\r\nabc\r\n5;note=x\r\ndefgh\r\n0\r\nTrailer: x\r\n\r\n';
    await exchangeRaw(
      port,
      rawRequest('/', ['Transfer-Encoding: chunked', 'Connection: close'], 'POST', body),
    );
    expect((await onlyRecord(served)).requestBytes).to.equal(8);
  });

  it('are counted where a body parser reads them, which still gets all of them', async () => {
    served = await serve({ controllers: [EchoController] });
    const body = JSON.stringify({ name: 'zoë' });
    const response = await fetch(`${served.origin}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(await response.json()).to.deep.equal({ name: 'zoë' });
    expect(await onlyRecord(served)).to.include({ requestBytes: 15, responseBytes: 15 });
  });

  it('are counted from a small upload that nobody reads', async () => {
    const { origin } = await start((ctx) => void (ctx.body = 'ok'));
    await (await fetch(origin, { method: 'POST', body: 'x'.repeat(1000) })).text();
    expect((await onlyRecord(served)).requestBytes).to.equal(1000);
  });

  it('are never more than arrived where the client leaves', async () => {
    let arrived = 0;
    const { port } = await start(async (ctx) => {
      for await (const chunk of ctx.req) arrived += (chunk as Buffer).length;
    });
    const client = await connectRaw(port);
    client.send(rawRequest('/', ['Transfer-Encoding: chunked'], 'POST', '4\r\nabcd\r\n'));

    await until(() => arrived === 4, 'the chunk has arrived');
    await client.leave();
    expect(await onlyRecord(served)).to.include({ requestBytes: 4, aborted: true });
  });

  it('are none where the request has no body', async () => {
    const { port } = await start((ctx) => void (ctx.body = 'ok'));
    await askRaw(port, '/');
    await exchangeRaw(port, rawRequest('/', ['Content-Length: 0', 'Connection: close'], 'POST'));
    expect((await served.records()).map(({ requestBytes }) => requestBytes)).to.deep.equal([0, 0]);
  });
});
