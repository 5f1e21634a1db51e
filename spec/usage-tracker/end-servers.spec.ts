import { once } from 'node:events';
import { Server as HttpServer, createServer } from 'node:http';

import { type Server, connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { type Closing, Gate, startClosing } from '../support/closing.js';
import { type RawClient, connectRaw, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 1000;

/** Where nothing has to be cut: time goes by faster here than elsewhere. */
const LONG_MS = 1_000_000;

describe('tracker.close({ server })', function ending() {
  this.timeout(20_000);
  let gate: Gate;
  let closing: Closing;
  const clients: { destroy(): unknown }[] = [];

  beforeEach(() => {
    gate = new Gate();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    gate.open();
    await closing.stop();
  });

  const start = async (
    makeServer: () => Server = createServer,
    options?: Parameters<typeof startClosing>[2],
  ): Promise<void> => {
    closing = await startClosing(makeServer, gate.handler, options);
  };

  const raw = async (): Promise<RawClient> => {
    const client = await connectRaw(closing.port);
    clients.push(client.socket);
    return client;
  };

  /** Sends a request, and waits until its handler has it. */
  const begin = async (client: RawClient, path: string): Promise<void> => {
    client.send(rawRequest(path));
    await until(() => closing.begun.includes(path), `${path} is under way`);
  };

  const close = (timeoutMs = LONG_MS) => closing.close({ server: closing.server, timeoutMs });
  const recorded = () => closing.memory.records.map(({ path, aborted }) => [path, aborted]);

  it('takes no more connections, answers what is under way, and stores it', async () => {
    await start();
    const client = await raw();
    await begin(client, '/slow');
    const ended = close();
    await until(() => !closing.server.listening, 'the server has stopped listening');
    await refused(closing.port);
    expect(closing.memory.records).to.deep.equal([]);
    gate.open();
    expect(await client.ended())
      .to.include('200 OK')
      .and.include('answer to /slow');
    expect(await ended).to.deep.include({ stored: 1, spooled: 0, dropped: 0 });
    expect(recorded()).to.deep.equal([['/slow', false]]);
  });

  it('waits for nothing where no request is under way, and closes idle connections', async () => {
    await start();
    const idle = await raw();
    idle.send(rawRequest('/'));
    await idle.hears('answer to /');
    const { tookMs, stored } = await close();
    expect({ isSoon: tookMs <= 100, stored }).to.deep.equal({ isSoon: true, stored: 1 });
    await idle.ended();
  });

  it('says in an answer that its connection ends, and ends it, if it was asked meanwhile', async () => {
    await start();
    const [client, other] = [await raw(), await raw()];
    await begin(client, '/slow');
    other.send(rawRequest('/first'));
    await other.hears('answer to /first');
    expect(other.received()).to.include('Connection: keep-alive');
    const ended = close();
    other.send(rawRequest('/second'));
    expect(await other.ended()).to.match(/Connection: close[^]*answer to \/second$/);
    gate.open();
    await ended;
    expect(recorded()).to.have.deep.members([
      ['/slow', false],
      ['/first', false],
      ['/second', false],
    ]);
  });

  it('does not cut an answer that is still being sent', async () => {
    const size = 30_000_000;
    let answered = false;
    closing = await startClosing(createServer, (ctx) => {
      ctx.body = Buffer.alloc(size, 'a');
      ctx.res.on('finish', () => (answered = true));
    });
    const client = connect(closing.port, '127.0.0.1');
    client.write(rawRequest('/big'));
    client.pause();
    await until(() => closing.begun.length === 1, 'the request is under way');
    await nextTurn();
    const ended = closing.usage.tracker.close({ server: closing.server });
    await closing.clock.advance(200);
    expect(answered).to.equal(false);
    let received = 0;
    client.on('data', (chunk) => (received += chunk.length)).resume();
    await until(() => answered, 'the answer is sent');
    await closing.clock.advance(200);
    await until(() => client.closed, 'the connection is closed');
    expect(received).to.be.greaterThan(size);
    await ended;
    expect(recorded()).to.deep.equal([['/big', false]]);
  });

  for (const path of ['/endless', '/events']) {
    it(`cuts ${path} after half of its time, and stores that`, async () => {
      await start();
      const client = await raw();
      await begin(client, path);
      const { tookMs, ...result } = await close(TIMEOUT_MS);
      expect(result).to.deep.equal({ stored: 1, spooled: 0, dropped: 0 });
      expect(tookMs).to.be.within(TIMEOUT_MS / 2, TIMEOUT_MS * 0.7);
      await client.ended();
      expect(recorded()).to.deep.equal([[path, true]]);
    });
  }

  it('leaves an upgraded connection to the application, and stores all the same', async () => {
    await start();
    closing.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: spec\r\n\r\n');
      socket.on('data', (chunk) => socket.write(chunk)).on('end', () => socket.end());
    });
    const [client, socket] = [await raw(), await raw()];
    client.send(rawRequest('/'));
    await client.hears('answer to /');
    socket.send(rawRequest('/socket', ['Connection: Upgrade', 'Upgrade: spec']));
    await socket.hears('101 Switching');
    const { tookMs, ...result } = await close(TIMEOUT_MS);
    expect(result).to.deep.equal({ stored: 1, spooled: 0, dropped: 0 });
    expect(tookMs).to.be.within(TIMEOUT_MS / 2, TIMEOUT_MS * 0.7);
    socket.send('still here');
    await socket.hears('still here');
  });

  it('ends several servers at once, also those that are not listening, or closed, or just closing', async () => {
    await start();
    const [first, second, never, gone] = [
      await startOther(),
      await startOther(),
      createServer(),
      createServer(),
    ];
    gone.listen(0);
    await once(gone, 'listening');
    gone.close();
    await once(gone, 'close');
    let told = 0;
    for (const server of [never, gone]) server.on('close', () => (told += 1));
    second.close();
    const client = await raw();
    await begin(client, '/slow');
    const servers = [closing.server, first, second, never, gone];
    const ended = closing.close({ server: servers, timeoutMs: LONG_MS });
    await until(() => !first.listening && !closing.server.listening, 'both have stopped listening');
    gate.open();
    expect(await ended).to.include({ stored: 1 });
    expect(told).to.equal(0);
  });

  it('may be called twice, in whatever way: the first call counts', async () => {
    await start();
    const client = await raw();
    await begin(client, '/slow');
    const first = closing.usage.tracker.close({ server: () => closing.server, timeoutMs: LONG_MS });
    const second = closing.close({ timeoutMs: 0 });
    await closing.clock.advance(1000);
    gate.open();
    expect(await second).to.include(await first);
    expect(await first).to.deep.equal({ stored: 1, spooled: 0, dropped: 0 });
    expect(closing.server.listening).to.equal(false);
  });

  it('leaves the methods and listeners of the server as they were', async () => {
    await start();
    const { server } = closing;
    const listeners = server.listenerCount('request');
    const client = await raw();
    await begin(client, '/slow');
    const ended = close();
    expect(server.listenerCount('request')).to.equal(listeners + 1);
    gate.open();
    await ended;
    expect(server.listenerCount('request')).to.equal(listeners);
    expect(Reflect.get(server, 'closeIdleConnections')).to.equal(
      Reflect.get(HttpServer.prototype, 'closeIdleConnections'),
    );
  });

  for (const server of [undefined, [], () => undefined, () => null]) {
    it(`stores where there is no server: ${String(server)}`, async () => {
      await start();
      expect(await closing.close({ server, timeoutMs: TIMEOUT_MS })).to.include({ stored: 0, dropped: 0 });
    });
  }

  for (const [what, server] of [
    [
      'throws',
      () => {
        throw new ReferenceError('server is not defined yet');
      },
    ],
    ['returns none', () => 'localhost'],
  ] as const) {
    it(`stores what it has where the function for the server ${what}, and says so`, async () => {
      await start();
      const client = await raw();
      client.send(rawRequest('/'));
      await client.hears('answer to /');
      expect(await closing.close({ server: server as never, timeoutMs: TIMEOUT_MS })).to.include({
        stored: 1,
      });
      expect(closing.lines).to.have.lengthOf(1);
      expect(closing.lines[0]).to.include("the option 'server' failed: ");
    });
  }

  for (const [title, server] of [
    ['an application', {}],
    ['a port', 3000],
    ['null', null],
    ['a list with something else in it', [createServer(), 'x']],
  ] as const) {
    it(`refuses ${title} by name, and stays open`, async () => {
      await start();
      const error = await closing.usage.tracker.close({ server: server as never }).catch((e: unknown) => e);
      expect(String(error)).to.match(
        /tracker\.close: the option 'server' is .*; expected a server, as app\.listen\(\)/,
      );
      await (await raw()).leave();
    });
  }

  async function startOther(): Promise<Server> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }
});

async function refused(port: number): Promise<void> {
  const client = connect(port, '127.0.0.1');
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).to.equal('ECONNREFUSED');
}
