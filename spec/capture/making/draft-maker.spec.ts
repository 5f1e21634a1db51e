import { expect } from 'chai';
import { Get, JsonController, NotFoundError, Param } from 'routing-controllers';
import { TrackedController } from '../../../src/index.js';
import { ManualClock } from '../../../src/testing/index.js';
import { askRaw } from '../../support/raw-http.js';
import { onlyRecord, serveHandler } from '../../support/serve-handler.js';
import { type Served, serve } from '../../support/serve.js';

@TrackedController()
@JsonController('/users')
class ShapeController {
  @Get('/:id')
  one(@Param('id') id: string) {
    if (id === '0') throw new NotFoundError('nobody');
    return { id };
  }
}

/** The fields of a record, in the order of the documentation. */
const FIELDS = [
  'id',
  'date',
  'durationMs',
  'serverName',
  'method',
  'url',
  'path',
  'route',
  'query',
  'controller',
  'action',
  'params',
  'status',
  'aborted',
  'errorType',
  'requestBytes',
  'responseBytes',
  'remoteAddr',
  'xForwardedFor',
  'authorization',
  'username',
  'userAgent',
  'bot',
  'ipInfo',
  'visitor',
  'trackVar',
  'weight',
];

describe('DraftMaker', () => {
  let served: Served;

  afterEach(() => served.close());

  it('makes a whole record of an action', async () => {
    const clock = new ManualClock(new Date('2026-03-01T12:00:00.123Z'));
    served = await serve({
      controllers: [ShapeController],
      routing: { routePrefix: '/api' },
      tracker: { clock, query: ['page'], defaultPolicy: 'exclude' },
    });
    await fetch(`${served.origin}/api/users/7?page=2&token=x`, {
      headers: {
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
        'accept-language': 'de-CH',
        authorization: `Basic ${btoa('ada:secret')}`,
      },
    });
    const { id, ...record } = await onlyRecord(served);
    expect(id).to.match(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(record).to.deep.equal({
      date: new Date('2026-03-01T12:00:00.123Z'),
      durationMs: 0,
      serverName: 'spec',
      method: 'GET',
      url: `${served.origin}/api/users/7?page=2`,
      path: '/api/users/7',
      route: '/api/users/:id',
      query: { page: '2' },
      controller: 'ShapeController',
      action: 'one',
      params: { id: '7' },
      status: 200,
      aborted: false,
      errorType: null,
      requestBytes: 0,
      responseBytes: 10,
      remoteAddr: '127.0.0.0',
      xForwardedFor: null,
      authorization: true,
      username: 'ada',
      userAgent: {
        browser: 'Firefox',
        version: '143.0',
        platform: 'Linux',
        language: 'de-CH',
        string: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
      },
      bot: false,
      ipInfo: null,
      visitor: null,
      trackVar: null,
      weight: 1,
    });
  });

  it('makes frozen records, all with the same fields in the same order', async () => {
    served = await serve({
      controllers: [ShapeController],
      tracker: { defaultPolicy: 'include', trackUnmatched: true, query: ['q'] },
    });
    const asked: [string, string[], string][] = [
      ['/users/7', [], 'GET'],
      ['/users/0', ['User-Agent: curl/8'], 'GET'],
      ['/nowhere?q=1', [`Authorization: Basic ${btoa('ada:x')}`], 'GET'],
      ['*', [], 'OPTIONS'],
      ['/users/7', ['Accept-Language: fr'], 'HEAD'],
    ];
    for (const [target, headers, method] of asked) await askRaw(served.port, target, headers, method);
    const records = await served.records();
    expect(records.map(({ status }) => status)).to.deep.equal([200, 404, 404, 404, 200]);
    expect(records[1]?.errorType).to.equal('NotFoundError');
    for (const record of records) {
      expect(Object.keys(record)).to.deep.equal(FIELDS);
      expect(Object.isFrozen(record)).to.equal(true);
      expect(Object.isFrozen(record.userAgent)).to.equal(true);
    }
  });

  it('gives ids that grow in the order in which responses close', async () => {
    served = await serveHandler((ctx) => void (ctx.body = 'ok'));
    await Promise.all(
      Array.from({ length: 20 }, () => fetch(served.origin).then((response) => response.text())),
    );
    const ids = (await served.records()).map(({ id }) => id);
    expect(new Set(ids).size).to.equal(20);
    expect(ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id)).to.equal(true);
  });

  it('takes the date from the start of a request, and the duration from its start to its end', async () => {
    const clock = new ManualClock(new Date('2026-03-01T12:00:00.123Z'));
    served = await serveHandler(
      async (ctx) => {
        await clock.advance(12.3456789);
        ctx.body = 'ok';
      },
      { clock },
    );
    await askRaw(served.port, '/');
    const record = await onlyRecord(served);
    expect(record.date.toISOString()).to.equal('2026-03-01T12:00:00.123Z');
    expect(record.durationMs).to.equal(12.346);
  });

  it('measures durations by a clock that nobody sets', async () => {
    const clock = new ManualClock();
    let nowMs = Date.UTC(2026, 2, 1);
    served = await serveHandler(
      async (ctx) => {
        nowMs -= 3_600_000;
        await clock.advance(5);
        ctx.body = 'ok';
      },
      {
        clock: {
          now: () => nowMs,
          monotonic: () => clock.monotonic(),
          setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
          clearTimeout: (timer) => clock.clearTimeout(timer),
        },
      },
    );
    await askRaw(served.port, '/');
    const record = await onlyRecord(served);
    expect(record.date.toISOString()).to.equal('2026-03-01T00:00:00.000Z');
    expect(record.durationMs).to.equal(5);
  });

  it('counts the time until the last byte of a streamed response', async () => {
    const clock = new ManualClock();
    served = await serveHandler(
      (ctx) => {
        ctx.respond = false;
        ctx.res.write('first');
        void clock.advance(1000).then(() => ctx.res.end('last'));
      },
      { clock },
    );
    await askRaw(served.port, '/');
    expect((await onlyRecord(served)).durationMs).to.equal(1000);
  });

  it('asks the application once for the user of each tracked request', async () => {
    let calls = 0;
    served = await serveHandler(
      (ctx) => {
        ctx.state['user'] = 'grace';
        ctx.body = 'ok';
      },
      {
        user: (ctx) => {
          calls += 1;
          return ctx.state['user'] as string;
        },
      },
    );
    await askRaw(served.port, '/', [`Authorization: Basic ${btoa('ada:x')}`]);
    expect(await onlyRecord(served)).to.include({ username: 'grace', authorization: true });
    expect(calls).to.equal(1);
  });

  it('knows no user where the application names none, whatever the header says', async () => {
    served = await serveHandler((ctx) => void (ctx.body = 'ok'), { user: () => undefined });
    await askRaw(served.port, '/', [`Authorization: Basic ${btoa('ada:x')}`]);
    expect(await onlyRecord(served)).to.include({ username: null, authorization: true });
  });
});
