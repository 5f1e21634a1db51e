import 'reflect-metadata';
import { Router } from '@koa/router';
import { expect } from 'chai';
import Koa, { type Middleware } from 'koa';
import mount from 'koa-mount';
import { Get, JsonController, useContainer, useKoaServer } from 'routing-controllers';
import { Container } from 'typedi';
import { usageDashboard } from '../../src/dashboard/index.js';
import { type ServedDashboard, fewReports, serveDashboard, serveHearing } from '../support/dashboards.js';
import { type WireAnswer, send } from '../support/http-client.js';
import { mountable } from '../support/mountable.js';
import { elementsIn, linksIn, parseHtml } from '../support/parsed-html.js';
import { serveProxy } from '../support/proxy.js';
import type { ServedBare } from '../support/serve-bare.js';

@JsonController('/orders')
class OrderController {
  @Get('/')
  all() {
    return [];
  }
}

/** How a dashboard is mounted, and the path that it is at then. */
type Mount = readonly [how: string, path: string, assemble: (app: Koa, dashboard: Middleware) => void];

const appOf = (...all: Middleware[]): Koa => all.reduce((app, one) => app.use(one), new Koa());

function routerOf(path: string, dashboard: Middleware, options = {}): Router {
  const router = new Router(options);
  router.get('/other', (ctx) => void (ctx.body = 'other'));
  router.get(path, dashboard as never);
  return router;
}

/** Mounts that leave the dashboard a path of its own, below which the application goes on. */
const MOUNTED: readonly Mount[] = [
  ['by koa-mount', '/admin/usage', (app, it) => app.use(mount('/admin/usage', it))],
  ['by koa-mount with a slash at the end', '/admin/usage/', (app, it) => app.use(mount('/admin/usage/', it))],
  ['by koa-mount twice', '/admin/usage', (app, it) => app.use(mount('/admin', mount('/usage', it)))],
  ['by koa-mount thrice', '/a/b/c', (app, it) => app.use(mount('/a', mount('/b', mount('/c', it))))],
  ['as an application', '/admin/usage', (app, it) => app.use(mount('/admin/usage', appOf(it)))],
  [
    'in an application that is mounted',
    '/admin/usage',
    (app, it) => app.use(mount('/admin', appOf(mount('/usage', it)))),
  ],
  [
    'by a router',
    '/admin/usage',
    (app, it) => mountable(routerOf('/admin/usage', it)).map((one) => app.use(one)),
  ],
  [
    'by a router with a prefix',
    '/admin/usage',
    (app, it) => mountable(routerOf('/usage', it, { prefix: '/admin' })).map((one) => app.use(one)),
  ],
  [
    'by a router in a router',
    '/admin/usage',
    (app, it) => {
      const outer = new Router();
      const inner = routerOf('/usage', it);
      outer.use('/admin', inner.routes(), inner.allowedMethods());
      for (const one of mountable(outer)) app.use(one);
    },
  ],
  [
    'by a router that is mounted',
    '/v1/admin/usage',
    (app, it) => app.use(mount('/v1', mountable(routerOf('/admin/usage', it))[0] as Middleware)),
  ],
  [
    'by a router of an application that is mounted',
    '/v1/admin/usage',
    (app, it) => app.use(mount('/v1', appOf(...mountable(routerOf('/admin/usage', it))))),
  ],
  [
    'in front of controllers',
    '/admin/usage',
    (app, it) => {
      app.use(mount('/admin/usage', it));
      useKoaServer(app, { controllers: [OrderController] });
    },
  ],
  [
    'behind controllers',
    '/admin/usage',
    (app, it) => {
      useKoaServer(app, { controllers: [OrderController] });
      app.use(mount('/admin/usage', it));
    },
  ],
  [
    'in front of controllers, below their prefix',
    '/api/usage',
    (app, it) => {
      app.use(mount('/api/usage', it));
      useKoaServer(app, { controllers: [OrderController], routePrefix: '/api' });
    },
  ],
  [
    'behind controllers, below their prefix',
    '/api/usage',
    (app, it) => {
      useKoaServer(app, { controllers: [OrderController], routePrefix: '/api' });
      app.use(mount('/api/usage', it));
    },
  ],
  [
    'by a router, behind controllers',
    '/admin/usage',
    (app, it) => {
      useKoaServer(app, { controllers: [OrderController] });
      for (const one of mountable(routerOf('/admin/usage', it))) app.use(one);
    },
  ],
];

/** Mounts at which the application says which paths are the dashboard's. */
const BY_HAND: readonly Mount[] = [
  ['at every path', '/', (app, it) => app.use(it)],
  [
    'behind what was mounted above it, and passed the request on',
    '/admin/usage',
    (app, it) => {
      app.use(mount('/admin', (_ctx, next) => next()));
      app.use((ctx, next) => (ctx.path === '/admin/usage' ? it(ctx, next) : next()));
    },
  ],
  [
    'behind what takes a language off the path',
    '/de/admin/usage',
    (app, it) => {
      app.use((ctx, next) => {
        ctx.path = ctx.path.replace(/^\/de(?=\/)/, '');
        return next();
      });
      app.use(mount('/admin/usage', it));
    },
  ],
];

/** Where specs begin: fewer days take less time. */
const OVERVIEW = '?days=7';

const HTML = 'text/html; charset=utf-8';

describe('A dashboard that is mounted', () => {
  /** One that is at every path: all others answer as it does. */
  let reference: ServedDashboard;
  let overview: WireAnswer;
  /** The answers at all links of the overview. */
  const expected = new Map<string, WireAnswer>();
  /** One link of each kind: to a page, to one with names in its address, to figures, and to a file. */
  let someLinks: readonly string[];
  const opened: ServedBare[] = [];

  const make = async (): Promise<Middleware> =>
    usageDashboard({ reports: await fewReports(), authorize: () => true });

  before(async () => {
    reference = await serveDashboard({ reports: await fewReports(), authorize: () => true });
    overview = await send(reference.origin + OVERVIEW);
    for (const link of linksIn(parseHtml(overview.text)).filter((one) => !one.startsWith('#')))
      expected.set(link, await send(new URL(link, reference.origin).href));
    someLinks = [/view=errors/, /route=/, /format=json/, /asset=style/].map(
      (kind) => [...expected.keys()].find((link) => kind.test(link)) ?? 'none',
    );
  });

  after(() => reference.close());

  afterEach(async () => {
    for (const server of opened.splice(0)) await server.close();
  });

  async function start(assemble: Mount[2]): Promise<ServedDashboard> {
    const dashboard = await make();
    // An application of an earlier spec may have asked for controllers that TypeDI knows alone.
    useContainer(Container, { fallbackOnErrors: true });
    const served = await serveHearing((app) => {
      assemble(app, dashboard);
      // Also behind an action that has answered.
      app.use((ctx) => {
        if (ctx.status === 404) ctx.body = `application at ${ctx.path}`;
      });
    });
    opened.push(served);
    return served;
  }

  /** Goes to the overview, and follows its links as a browser does. */
  async function expectDashboard(address: string, links: Iterable<string> = someLinks): Promise<void> {
    const found = await send(address + OVERVIEW);
    expect(found.status).to.equal(200);
    expect(found.text === overview.text).to.equal(true);
    for (const link of links) {
      const answer = expected.get(link) as WireAnswer;
      const url = new URL(link, address + OVERVIEW);
      expect(url.pathname).to.equal(new URL(address).pathname);
      const { status, text, headers } = await send(url.href);
      expect(status, link).to.equal(200);
      expect(text === answer.text, link).to.equal(true);
      expect(headers['content-type']).to.equal(answer.headers['content-type']);
    }
  }

  it('leads from its overview to each of its pages, its files and its figures', () => {
    const tabs = elementsIn(parseHtml(overview.text), 'nav').flatMap((nav) => elementsIn(nav, 'a'));
    expect(tabs.map(({ text }) => text)).to.include.members(['Overview', 'Endpoints', 'Records', 'Status']);
    const titles = new Map(tabs.map(({ attributes, text }) => [attributes['href'], text]));
    let pages = 0;
    for (const [link, { status, headers, text }] of expected) {
      expect(status, link).to.equal(200);
      const query = new URLSearchParams(link);
      const [format, asset] = [query.get('format'), query.get('asset')];
      if (format === 'json') expect(JSON.parse(text)).to.be.an('object');
      else if (format === 'csv') expect(headers['content-type']).to.equal('text/csv; charset=utf-8');
      else if (asset !== null) expect(headers['content-type']).to.not.equal(HTML);
      else {
        pages += 1;
        expect(headers['content-type']).to.equal(HTML);
        const [heading] = elementsIn(parseHtml(text), 'h1');
        const name =
          query.get('username') ?? (query.get('route') === null ? null : `GET ${query.get('route')}`);
        // The overview's other links are those of periods, and to endpoints.
        const other = (query.get('view') ?? 'overview') === 'overview' ? 'Overview' : 'Endpoints';
        expect(heading?.text).to.equal(name ?? titles.get(link) ?? other);
      }
    }
    expect(pages).to.be.greaterThan(titles.size);
    expect(reference.errors).to.deep.equal([]);
  });

  for (const [how, path, assemble] of [...MOUNTED, ...BY_HAND]) {
    it(`answers at all its links ${how}`, async () => {
      const { origin, errors } = await start(assemble);
      await expectDashboard(origin + path, how === 'by koa-mount' ? expected.keys() : someLinks);
      expect(errors).to.deep.equal([]);
    });
  }

  for (const [how, path, assemble] of MOUNTED) {
    if (path.endsWith('/')) continue;
    it(`answers with a slash at the end, ${how}`, async () => {
      const { origin } = await start(assemble);
      await expectDashboard(`${origin}${path}/`);
    });
  }

  for (const [how, path, assemble] of MOUNTED) {
    it(`leaves paths below and beside it to the application, ${how}`, async () => {
      const { origin } = await start(assemble);
      const own = path.replace(/\/$/, '');
      for (const other of [`${own}/x`, `${own}/x/`, `${own}/x?view=endpoints`, `${own}x`, '/']) {
        const { text } = await send(origin + other);
        expect(text.slice(0, 100)).to.equal(`application at ${other.split('?')[0]}`);
      }
    });
  }

  it('leaves the controllers beside it alone', async () => {
    for (const [how, , assemble] of MOUNTED.filter(([each]) => each.includes('controllers'))) {
      const { origin } = await start(assemble);
      const path = how.includes('below their prefix') ? '/api/orders' : '/orders';
      expect((await send(origin + path)).text, how).to.equal('[]');
    }
  });

  it('answers behind a proxy that takes a prefix off', async () => {
    const { origin } = await start((app, it) => app.use(mount('/admin/usage', it)));
    const proxy = await serveProxy(origin, (path) => path.replace('/internal', ''));
    opened.push(proxy);
    await expectDashboard(`${proxy.origin}/internal/admin/usage`, expected.keys());
    await expectDashboard(`${proxy.origin}/internal/admin/usage/`);
  });

  it('answers behind a proxy that puts a prefix on', async () => {
    const { origin } = await start((app, it) => app.use(mount('/admin/usage', it)));
    const proxy = await serveProxy(origin, (path) =>
      `/admin/usage${path}`.replace('/?', '?').replace(/\/$/, ''),
    );
    opened.push(proxy);
    await expectDashboard(`${proxy.origin}/`, expected.keys());
  });

  it('answers behind a proxy that gives it another name', async () => {
    const { origin } = await start((app, it) =>
      mountable(routerOf('/admin/usage', it)).map((one) => app.use(one)),
    );
    const proxy = await serveProxy(origin, (path) => path.replace('/figures/of/usage', '/admin/usage'));
    opened.push(proxy);
    await expectDashboard(`${proxy.origin}/figures/of/usage`, expected.keys());
  });
});
