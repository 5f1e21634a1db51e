import { once } from 'node:events';
import { type IncomingHttpHeaders, connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Router } from '@koa/router';
import { expect } from 'chai';
import Koa, { type Context, type Middleware } from 'koa';
import mount from 'koa-mount';
import { Get, JsonController, useKoaServer } from 'routing-controllers';
import { Deprecated, deprecated, trackUsage, tracked } from '../../../src/index.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { type Announcement, readAnnouncement } from '../../support/announcements.js';
import { mountable } from '../../support/mountable.js';
import { refusalOf } from '../../support/refusal.js';
import { type ServedBare, serveBare } from '../../support/serve-bare.js';
import { serve } from '../../support/serve.js';

const OLD = { since: '2026-01-01', sunset: '2026-12-31', replacement: '/v2' };

/** What `OLD` announces. */
const ANNOUNCED: Announcement = {
  since: '2026-01-01T00:00:00.000Z',
  sunset: '2026-12-31T00:00:00.000Z',
  links: ['/v2 successor-version'],
};

/** What an application does on its own with the headers that a deprecation sets. */
const OWN: readonly (readonly [how: string, answer: (ctx: Context) => void])[] = [
  [
    'set on the context',
    (ctx) => {
      ctx.set({ Deprecation: '@1', Link: '</own>; rel="self"' });
      ctx.body = 'ok';
    },
  ],
  [
    'thrown with an error',
    (ctx) => ctx.throw(400, { headers: { Deprecation: '@1', Link: '</own>; rel="self"' } }),
  ],
  [
    'given to writeHead as an object',
    (ctx) => raw(ctx).writeHead(200, { deprecation: '@1', link: '</own>; rel="self"' }).end(),
  ],
  [
    'given to writeHead behind a message that is left out',
    (ctx) => raw(ctx).writeHead(200, undefined, { deprecation: '@1', link: '</own>; rel="self"' }).end(),
  ],
  [
    'given to writeHead as a flat list',
    (ctx) => raw(ctx).writeHead(200, ['deprecation', '@1', 'link', '</own>; rel="self"']).end(),
  ],
  [
    'given to writeHead as a list of pairs, behind a message',
    (ctx) => {
      const pairs = [
        ['Deprecation', '@1'],
        ['Link', '</own>; rel="self"'],
      ];
      raw(ctx)
        .writeHead(200, 'Fine', pairs as never)
        .end();
    },
  ],
];

function raw(ctx: Context): Context['res'] {
  ctx.respond = false;
  return ctx.res;
}

describe('The headers of a deprecated endpoint', () => {
  let served: ServedBare;
  afterEach(() => served.close());

  async function headersOf(path: string, ...between: Middleware[]): Promise<Headers> {
    served = await serveBare((app) => between.forEach((middleware) => app.use(middleware)));
    const response = await fetch(served.origin + path);
    await response.text();
    return response.headers;
  }

  for (const [how, answer] of OWN) {
    it(`leave a date and links of the application's own as they are, ${how}`, async () => {
      const headers = await headersOf('/', deprecated(OLD), answer);
      expect(readAnnouncement(headers)).to.deep.equal({
        ...ANNOUNCED,
        since: '1970-01-01T00:00:01.000Z',
        links: ['/own self', ...ANNOUNCED.links],
      });
    });
  }

  it('leave a sunset of its own as it is, and a list of links', async () => {
    const links = Object.freeze(['</a>; rel="prev"', '</b>; rel="next"']);
    const headers = await headersOf('/', deprecated(OLD), (ctx) => {
      ctx.set('Sunset', 'Fri, 01 Jan 2027 00:00:00 GMT');
      ctx.set('Link', links as string[]);
      ctx.body = 'ok';
    });
    expect(readAnnouncement(headers)).to.deep.equal({
      ...ANNOUNCED,
      sunset: '2027-01-01T00:00:00.000Z',
      links: ['/a prev', '/b next', ...ANNOUNCED.links],
    });
  });

  it('keep repeated headers that writeHead was given', async () => {
    const headers = await headersOf('/', deprecated(OLD), (ctx) => {
      raw(ctx).setHeader('Set-Cookie', 'c=3');
      ctx.res.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end();
    });
    expect(headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    expect(readAnnouncement(headers)).to.deep.equal(ANNOUNCED);
  });

  it('go out once where the application tries again after a head that Node refused', async () => {
    const headers = await headersOf('/', deprecated(OLD), (ctx) => {
      expect(() => raw(ctx).writeHead(200, 'two\nlines')).to.throw('Invalid character');
      expect(() => ctx.res.writeHead(200, { 'X-Bad': 'two\nlines' })).to.throw('Invalid character');
      ctx.res.writeHead(200, 'Fine').end();
    });
    expect(readAnnouncement(headers)).to.deep.equal(ANNOUNCED);
  });

  it('are of no consequence to an application whose response cannot be changed', async () => {
    const headers = await headersOf(
      '/',
      (ctx, next) => {
        Object.defineProperty(ctx.res, 'writeHead', { value: Reflect.get(ctx.res, 'writeHead') });
        return next();
      },
      deprecated(OLD),
      (ctx) => void (ctx.body = 'ok'),
    );
    expect(readAnnouncement(headers)).to.equal(null);
  });

  it('merge what a router and its route say: the earliest dates, and the links of the route', async () => {
    const router = new Router()
      .use(
        deprecated({
          since: '2025-06-01',
          sunset: '2027-01-01',
          replacement: '/all',
          link: 'help.md',
        }) as never,
      )
      .get('/old', deprecated(OLD) as never, (ctx) => void (ctx.body = 'ok'));
    expect(readAnnouncement(await headersOf('/old', ...mountable(router)))).to.deep.equal({
      since: '2025-06-01T00:00:00.000Z',
      sunset: ANNOUNCED.sunset,
      links: ['/v2 successor-version', 'help.md deprecation'],
    });
  });

  it('are those of every answer below a mounted path, and of none beside it', async () => {
    const headers = await headersOf('/v1/nowhere', mount('/v1', deprecated(OLD)));
    expect(readAnnouncement(headers)).to.deep.equal(ANNOUNCED);
    expect(readAnnouncement((await fetch(`${served.origin}/v2`)).headers)).to.equal(null);
  });

  it('need a tracker that was made before the controllers were registered, and not one that is mounted', async () => {
    @Deprecated(OLD)
    @JsonController('/old')
    class OldController {
      @Get('/')
      list() {
        return [];
      }
    }
    const { tracker } = trackUsage({ storage: new MemoryStorage() });
    served = await serveBare((app) => useKoaServer(app, { controllers: [OldController] }));
    expect(readAnnouncement((await fetch(`${served.origin}/old`)).headers)).to.deep.equal(ANNOUNCED);
    await tracker.close();
  });
});

describe('A deprecated plain route', () => {
  it('announces it in every answer of its own, beside tracked() or without it', async () => {
    const router = new Router()
      .get('/tracked', deprecated(OLD), tracked(), (ctx) => void (ctx.body = 'ok'))
      .get('/thrown', tracked(), deprecated(OLD), (ctx) => ctx.throw(410))
      .get('/plain', deprecated(OLD), (ctx) => void (ctx.body = 'ok'))
      .get('/new', tracked(), (ctx) => void (ctx.body = 'ok'));
    const served = await serve({ between: mountable(router) });
    const asked: [string, RequestInit, Announcement | null][] = [
      ['/tracked', {}, ANNOUNCED],
      ['/tracked', { method: 'HEAD' }, ANNOUNCED],
      ['/thrown', {}, ANNOUNCED],
      ['/plain', {}, ANNOUNCED],
      ['/plain', { method: 'OPTIONS' }, null],
      ['/plain', { method: 'POST' }, null],
      ['/new', {}, null],
      ['/nowhere', {}, null],
    ];
    for (const [path, init, announced] of asked) {
      const { headers } = await fetch(served.origin + path, init);
      expect(readAnnouncement(headers), `${init.method} ${path}`).to.deep.equal(announced);
    }
    expect(
      (await served.records()).map(({ path, method, status }) => `${method} ${path} ${status}`),
    ).to.deep.equal(['GET /tracked 200', 'HEAD /tracked 200', 'GET /thrown 410', 'GET /new 200']);
    await served.close();
  });

  it('announces it over HTTP/2', async () => {
    const app = new Koa().use(deprecated(OLD));
    app.silent = true;
    app.use((ctx) => {
      if (ctx.path === '/raw') raw(ctx).writeHead(200, { Link: '</own>; rel="self"' }).end();
      else ctx.throw(410);
    });
    const callback = app.callback();
    const server = createServer((request, response) => void callback(request as never, response as never));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const answers: (Announcement | null)[] = [];
    for (const path of ['/error', '/raw']) {
      const [headers] = (await once(client.request({ ':path': path }), 'response')) as [IncomingHttpHeaders];
      const named = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
      answers.push(readAnnouncement(new Headers(named as [string, string][])));
    }
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect(answers).to.deep.equal([ANNOUNCED, { ...ANNOUNCED, links: ['/own self', ...ANNOUNCED.links] }]);
  });

  it('is refused where its marker stands without parentheses, and with options that cannot be used', () => {
    const bare = deprecated as unknown as (...args: unknown[]) => unknown;
    expect(refusalOf(() => bare({}, () => undefined))).to.include({
      code: 'INVALID_DECORATION',
      message:
        "deprecated stands among middleware without its parentheses. Write router.get('/path', deprecated({ since }), handler).",
    });
    expect(refusalOf(() => deprecated({ ...OLD, sunset: '2025-12-31' })).message).to.equal(
      "deprecated(): the option 'sunset' is '2025-12-31'; expected a date that is not before 'since', 2026-01-01T00:00:00.000Z.",
    );
  });
});
