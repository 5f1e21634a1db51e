import { expect } from 'chai';
import { askRaw, connectRaw, exchangeRaw, rawRequest } from '../../support/raw-http.js';
import { onlyRecord, serveHandler } from '../../support/serve-handler.js';
import type { Served } from '../../support/serve.js';
import type { TrackUsageOptions } from '../../../src/index.js';
import { until } from '../../support/until.js';

const SECRET = 'hunter2';

describe('The privacy of a record', () => {
  let served: Served;

  async function recordOf(target: string, headers: string[] = [], tracker: TrackUsageOptions = {}) {
    served = await serveHandler((ctx) => void (ctx.body = 'ok'), tracker);
    expect(await askRaw(served.port, target, headers)).to.match(/^HTTP\/1.1 200 /);
    const record = await onlyRecord(served);
    return { record, text: JSON.stringify(record) };
  }

  afterEach(() => served.close());

  it('keeps the user name of Basic authentication, and the password nowhere', async () => {
    const token = btoa(`ada:${SECRET}`);
    const { record, text } = await recordOf('/', [`Authorization: Basic ${token}`]);
    expect(record).to.include({ username: 'ada', authorization: true });
    expect(text).to.not.include(SECRET);
    expect(text).to.not.include(token);
    expect(text).to.not.include(btoa(SECRET).slice(0, -2));
  });

  it('keeps of any other authorization only that there was one', async () => {
    const { record, text } = await recordOf('/', [`Authorization: Bearer ${SECRET}`]);
    expect(record).to.include({ username: null, authorization: true });
    expect(text).to.not.include(SECRET);
  });

  it('says that a request bore no credentials', async () => {
    const { record } = await recordOf('/');
    expect(record).to.include({ username: null, authorization: false });
  });

  it('keeps no cookie and no other header', async () => {
    const { text } = await recordOf('/', [
      `Cookie: session=${SECRET}`,
      `X-Api-Key: ${SECRET}`,
      `Proxy-Authorization: Basic ${SECRET}`,
      `Referer: http://elsewhere.test/${SECRET}`,
      `Forwarded: for=${SECRET}`,
      `X-Real-IP: ${SECRET}`,
    ]);
    expect(text).to.not.include(SECRET);
  });

  it('keeps nothing of the bodies and of the response’s headers', async () => {
    served = await serveHandler(async (ctx) => {
      for await (const chunk of ctx.req) void chunk;
      ctx.cookies.set('session', SECRET);
      ctx.body = `the secret is ${SECRET}`;
    });
    await exchangeRaw(
      served.port,
      rawRequest('/', [`Content-Length: ${SECRET.length}`, 'Connection: close'], 'POST', SECRET),
    );
    expect(JSON.stringify(await onlyRecord(served))).to.not.include(SECRET);
  });

  it('drops the query', async () => {
    const { record, text } = await recordOf(`/reset?token=${SECRET}&page=2#${SECRET}`);
    expect(record).to.include({ path: '/reset', url: 'http://spec.test/reset', query: null });
    expect(text).to.not.include(SECRET);
  });

  it('keeps the query names that are allowed, and those alone', async () => {
    const target = `/list?tag=a&token=${SECRET}&tag=b%20c&page=2`;
    const { record, text } = await recordOf(target, [], { query: ['page', 'tag', 'absent'] });
    expect(record.query).to.deep.equal({ page: '2', tag: ['a', 'b c'] });
    expect(record.url).to.equal('http://spec.test/list?page=2&tag=a&tag=b%20c');
    expect(text).to.not.include(SECRET);
  });

  it('drops credentials from a target in absolute form', async () => {
    const { record, text } = await recordOf(`http://ada:${SECRET}@spec.test/page?x=${SECRET}`);
    expect(record).to.include({ path: '/page', url: 'http://spec.test/page', username: null });
    expect(text).to.not.include(SECRET);
  });

  for (const host of [
    `ada:${SECRET}@spec.test`,
    `${SECRET}@`,
    `a@${SECRET}@spec.test`,
    `${SECRET}@spec.test:99999`,
  ]) {
    it(`drops credentials from the host '${host.replaceAll(SECRET, '…')}'`, async () => {
      served = await serveHandler((ctx) => void (ctx.body = 'ok'));
      await exchangeRaw(served.port, `GET /page HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      const record = await onlyRecord(served);
      expect(record.path).to.equal('/page');
      expect(JSON.stringify(record)).to.not.include(SECRET);
    });
  }

  it('never takes a header for the client’s address', async () => {
    const { record, text } = await recordOf('/', [
      'X-Forwarded-For: 198.51.100.7, 203.0.113.9',
      'X-Real-IP: 198.51.100.7',
      'X-Client-IP: 198.51.100.7',
      'Forwarded: for=198.51.100.7',
    ]);
    expect(record).to.include({ remoteAddr: '127.0.0.0', xForwardedFor: null });
    expect(text).to.not.match(/198\.51|203\.0/);
  });

  it('does not take it either where Koa trusts its proxy', async () => {
    served = await serveHandler((ctx) => void (ctx.body = 'ok'));
    served.app.proxy = true;
    await askRaw(served.port, '/', ['X-Forwarded-For: 198.51.100.7']);
    const record = await onlyRecord(served);
    expect(record).to.include({ remoteAddr: '127.0.0.0', xForwardedFor: null });
    expect(JSON.stringify(record)).to.not.include('198.51');
  });

  it('truncates the address of a client that comes over IPv4', async () => {
    expect((await recordOf('/')).record.remoteAddr).to.equal('127.0.0.0');
  });

  it('truncates the address of a client that left', async () => {
    let running = false;
    served = await serveHandler(async (ctx) => {
      running = true;
      await new Promise((resolve) => ctx.res.on('close', resolve));
    });
    const client = await connectRaw(served.port);
    client.send(rawRequest('/'));
    await until(() => running, 'the handler runs');
    await client.leave();
    expect(await onlyRecord(served)).to.include({ aborted: true, remoteAddr: '127.0.0.0' });
  });
});
