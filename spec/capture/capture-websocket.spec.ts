import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import Koa, { type Middleware } from 'koa';
import { type UsageMiddleware, trackUsage } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';

/** It has no types; its contexts have a request and no response. */
const websockify = createRequire(import.meta.url)('koa-websocket') as (
  app: Koa,
) => Koa & { readonly ws: { use(middleware: Middleware): void } };

describe('A request without a response', () => {
  const lines: string[] = [];
  let usage: UsageMiddleware;
  let server: Server;

  before(async () => {
    const log = (line: string): void => void lines.push(line);
    usage = trackUsage({
      storage: new MemoryStorage(),
      defaultPolicy: 'include',
      trackUnmatched: true,
      logger: { warn: log, error: log },
    });
    const app = websockify(new Koa());
    app.use(usage);
    app.ws.use(usage);
    app.ws.use((ctx) => {
      (ctx as unknown as { websocket: { send(text: string): void } }).websocket.send('hello');
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await usage.tracker.close();
  });

  async function greeting(): Promise<unknown> {
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`);
    const [event] = (await once(socket, 'message')) as [MessageEvent];
    const closed = once(socket, 'close');
    socket.close();
    await closed;
    return event.data;
  }

  it('is left alone, with one warning', async () => {
    expect([await greeting(), await greeting()]).to.deep.equal(['hello', 'hello']);
    await usage.tracker.flush();
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.contain('app.use(usage), and not app.ws.use(usage)');
    expect(usage.tracker.health()).to.equal('ok');
    expect(usage.tracker.stats())
      .to.include({ accepted: 0 })
      .and.to.have.nested.property('dropped.internal', 0);
  });
});
