import { once } from 'node:events';
import { type Server, createServer, request } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import type { TrackUsageOptions, TrustProxy, UsageRecord } from '../../../../src/index.js';
import { ADDRESS_CASES } from '../../../support/address-cases.js';
import { askRaw } from '../../../support/raw-http.js';
import { serveHandler } from '../../../support/serve-handler.js';
import type { Served } from '../../../support/serve.js';
import { temporaryFolder } from '../../../support/sqlite.js';

const HAS_IPV6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

describe('The address of a real request', () => {
  const open: Served[] = [];
  const servers: Server[] = [];
  const lines: string[] = [];
  const logger = {
    warn: (line: string) => void lines.push(line),
    error: (line: string) => void lines.push(line),
  };

  async function start(tracker: TrackUsageOptions): Promise<Served> {
    const served = await serveHandler((ctx) => void (ctx.body = 'ok'), { logger, ...tracker });
    open.push(served);
    return served;
  }

  /** Lets the application listen somewhere else, too. */
  async function listen(served: Served, where: ListenOptions): Promise<Server> {
    const server = createServer(served.app.callback()).listen(where);
    servers.push(server);
    await once(server, 'listening');
    return server;
  }

  function portOf(server: Server): number {
    return (server.address() as AddressInfo).port;
  }

  async function get(where: object, headers: Record<string, string> = {}): Promise<void> {
    const asked = request({ ...where, headers, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
    response.resume();
    await once(response, 'end');
  }

  async function newest(served: Served): Promise<UsageRecord> {
    const record = (await served.records()).at(-1);
    if (record === undefined) throw new Error('There is no record.');
    return record;
  }

  beforeEach(() => lines.splice(0));

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    for (const served of open.splice(0)) await served.close();
  });

  it('is that of the table, whatever the headers', async function () {
    this.timeout(20_000);
    const byTrust = new Map<TrustProxy, Served>();
    for (const row of ADDRESS_CASES) {
      const served = byTrust.get(row.trustProxy) ?? (await start({ trustProxy: row.trustProxy, ip: 'full' }));
      byTrust.set(row.trustProxy, served);
      const sent = Object.entries({ 'X-Forwarded-For': row.xForwardedFor, Forwarded: row.forwarded })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => Buffer.from(`${name}: ${value}`).toString('latin1'));
      expect(await askRaw(served.port, '/', sent), row.what).to.match(/^HTTP\/1.1 200 /);
      expect((await newest(served)).remoteAddr, row.what).to.equal(row.expected);
    }
    expect(lines).to.deep.equal([]);
  });

  it('is read from lines of a header that was sent twice, in their order', async () => {
    const served = await start({ trustProxy: 'loopback', ip: 'full' });
    await askRaw(served.port, '/', ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 203.0.113.7']);
    expect(await newest(served)).to.include({
      remoteAddr: '203.0.113.7',
      xForwardedFor: '6.6.6.6, 203.0.113.7',
    });
    await askRaw(served.port, '/', ['Forwarded: for=6.6.6.6;x="', 'Forwarded: for="203.0.113.7:80"']);
    expect(await newest(served)).to.include({ remoteAddr: '203.0.113.7', xForwardedFor: null });
  });

  it('is truncated by default', async () => {
    const served = await start({ trustProxy: 'loopback' });
    await askRaw(served.port, '/', ['X-Forwarded-For: 203.0.113.7']);
    expect(await newest(served)).to.include({ remoteAddr: '203.0.113.0', xForwardedFor: null });
  });

  it('is not kept under none', async () => {
    const served = await start({ trustProxy: 'loopback', ip: 'none' });
    await askRaw(served.port, '/', ['X-Forwarded-For: 203.0.113.7']);
    expect(await newest(served)).to.include({ remoteAddr: null, xForwardedFor: null });
  });

  it('is accompanied by X-Forwarded-For under full, cut to its limit', async () => {
    const served = await start({ trustProxy: 'loopback', ip: 'full' });
    await askRaw(served.port, '/', [`X-Forwarded-For: ${'<b>,'.repeat(200)}203.0.113.7`]);
    const { remoteAddr, xForwardedFor } = await newest(served);
    expect(remoteAddr).to.equal('203.0.113.7');
    expect(xForwardedFor).to.equal(`${'<b>,'.repeat(200).slice(0, 511)}…`);
  });

  it('comes from a function of the application', async () => {
    const served = await start({ trustProxy: (address) => address.startsWith('127.'), ip: 'full' });
    await askRaw(served.port, '/', ['X-Forwarded-For: 203.0.113.7, 127.0.0.9']);
    expect((await newest(served)).remoteAddr).to.equal('203.0.113.7');
  });

  it('is the socket’s where such a function throws, which is logged once and changes no response', async () => {
    const served = await start({
      trustProxy(address) {
        throw new Error(`what is ${address}?`);
      },
      ip: 'full',
    });
    for (let time = 0; time < 3; time += 1) {
      expect(await askRaw(served.port, '/', ['X-Forwarded-For: 6.6.6.6'])).to.match(/^HTTP\/1.1 200 /);
      expect(await newest(served)).to.include({ remoteAddr: '127.0.0.1', xForwardedFor: null });
    }
    expect(lines).to.deep.equal([
      "koa-track-usage: the option 'trustProxy' failed: Error: it threw; the type is Error",
    ]);
  });

  it('is that of IPv6 loopback', async function () {
    if (!HAS_IPV6) this.skip();
    const served = await start({ trustProxy: 'loopback', ip: 'full' });
    const port = portOf(await listen(served, { port: 0, host: '::1' }));
    await get({ port, host: '::1' });
    expect((await newest(served)).remoteAddr).to.equal('::1');
    await get({ port, host: '::1' }, { Forwarded: 'for="[2001:db8::1]:80"' });
    expect((await newest(served)).remoteAddr).to.equal('2001:db8::1');
  });

  it('is that of IPv4 on a socket of both kinds, where it comes mapped', async function () {
    if (!HAS_IPV6) this.skip();
    const served = await start({ trustProxy: '127.0.0.1', ip: 'full' });
    const port = portOf(await listen(served, { port: 0, host: '::ffff:127.0.0.1' }));
    await get({ port, host: '127.0.0.1' });
    expect((await newest(served)).remoteAddr).to.equal('127.0.0.1');
    await get({ port, host: '127.0.0.1' }, { 'X-Forwarded-For': '203.0.113.7' });
    expect((await newest(served)).remoteAddr).to.equal('203.0.113.7');
  });

  it('comes through a Unix domain socket where the proxies are counted', async function () {
    if (process.platform === 'win32') this.skip();
    const folder = await temporaryFolder();
    const socketPath = folder.file('http.sock');
    for (const [trustProxy, expected] of [
      [1, '203.0.113.7'],
      ['loopback', null],
      [false, null],
    ] as const) {
      const served = await start({ trustProxy, ip: 'full' });
      const server = await listen(served, { path: socketPath });
      await get({ socketPath }, { 'X-Forwarded-For': '6.6.6.6, 203.0.113.7' });
      expect((await newest(served)).remoteAddr, String(trustProxy)).to.equal(expected);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await folder.remove();
  });
});
