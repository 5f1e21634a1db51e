import { Router } from '@koa/router';
import { expect } from 'chai';
import Koa, { type Middleware } from 'koa';
import mount from 'koa-mount';
import { Body, Get, JsonController, Method, Param, Post, useKoaServer } from 'routing-controllers';
import { TrackedController, Untracked, UntrackedController, tracked } from '../../../src/index.js';
import { installActionHook } from '../../../src/capture/attribution/action-hook.js';
import { mountedPaths } from '../../../src/capture/exchange/mounts.js';
import { ask, askRecord } from '../../support/ask.js';
import { type ServeOptions, type Served, serve } from '../../support/serve.js';

const TRACKER = { defaultPolicy: 'include', trackUnmatched: true, ip: 'full' } as const;

let bases = 0;

/** A controller at a path that no other has, as an application that is mounted is looked for at any path. */
function guestController(): { readonly base: string; readonly controller: Function } {
  bases += 1;
  const base = `/guests${bases}`;

  @TrackedController({ ip: 'none', params: { id: 'redact' } })
  @JsonController(base)
  class GuestController {
    @Get('/')
    all() {
      return [];
    }

    @Get('/:id')
    one(@Param('id') id: string) {
      return { id };
    }

    @Post('/:id')
    save(@Body() body: object) {
      return body;
    }

    @Untracked()
    @Post('/diary/:day')
    write(@Body() body: object) {
      return body;
    }
  }

  return { base, controller: GuestController };
}

/** A controller that nobody tracks. */
function managementController(base: string): Function {
  @UntrackedController()
  @JsonController(base)
  class ManagementController {
    @Get('/health')
    health() {
      return 'ok';
    }

    @Get('/:page')
    page() {
      return 'ok';
    }
  }
  return ManagementController;
}

/** An application that is not served by itself. */
function guest(controller: Function, ...between: Middleware[]): Koa {
  const app = new Koa();
  for (const middleware of between) app.use(middleware);
  return useKoaServer(app, { controllers: [controller] });
}

/** The same, which looks as if it were served: then just those paths count that are known to lead to it. */
function host(controller: Function, ...between: Middleware[]): Koa {
  return guest(controller, ...between).on('error', () => {});
}

/** Stands for what reads bodies, and finds them malformed. */
const refusing: Middleware = (ctx, next) => (ctx.method === 'GET' ? next() : ctx.throw(400));

/** Middleware that takes a prefix off the path, as for languages. */
function rewriting(prefix: string): Middleware {
  return (ctx, next) => {
    ctx.path = ctx.path.slice(prefix.length);
    return next();
  };
}

/** Where a request fails, the prefix of its path, and how its application is mounted. */
type Failure = readonly [where: string, prefix: string, between: (controller: Function) => Middleware[]];

const FAILURES: readonly Failure[] = [
  ['in it', '/v1', (made) => [mount('/v1', host(made, refusing))]],
  ['in front of it', '/v1', (made) => [refusing, mount('/v1', guest(made))]],
  ['in it, as it is nested', '/a/v1', (made) => [mount('/a', mount('/v1', host(made, refusing)))]],
  ['in front of it, as it is nested', '/a/v1', (made) => [refusing, mount('/a', mount('/v1', guest(made)))]],
  ['behind what rewrites paths', '/de', (made) => [rewriting('/de'), ...host(made, refusing).middleware]],
  ['in it, behind that', '/de/v1', (made) => [rewriting('/de'), mount('/v1', host(made, refusing))]],
];

describe('An application that is mounted in another', () => {
  let served: Served;

  // Or the actions of the first application that a spec makes are not known.
  before(installActionHook);

  afterEach(() => served.close());

  const start = async (options: ServeOptions): Promise<void> => {
    served = await serve({ tracker: TRACKER, ...options });
  };

  const post = (path: string): ReturnType<typeof ask> => ask(served, path, { method: 'POST' });

  const routeOf = async (path: string): Promise<string | null> =>
    (await askRecord(served, path)).record.route;

  it('has the whole path in its routes', async () => {
    const { base, controller } = guestController();
    await start({ between: [mount('/v1', guest(controller))] });
    const { record } = await askRecord(served, `/v1${base}/ada`);
    expect(record).to.include({ route: `/v1${base}/:id`, path: `/v1${base}/REDACTED`, remoteAddr: null });
    for (const path of [`/v1${base}`, `/v1${base}/`]) expect(await routeOf(path)).to.equal(`/v1${base}`);
  });

  it('tells versions of one route apart', async () => {
    const { base, controller } = guestController();
    await start({ between: [mount('/v1', guest(controller)), mount('/v2', guest(controller))] });
    for (const version of ['/v1', '/v2'])
      expect(await routeOf(`${version}${base}/ada`)).to.equal(`${version}${base}/:id`);
  });

  it('has it in routes without a class, too, and without a slash too many', async () => {
    const router = new Router();
    router.get('/', tracked(), (ctx) => void (ctx.body = 'ok'));
    router.get('/pages/:page', tracked(), (ctx) => void (ctx.body = 'ok'));
    await start({ between: [mount('/site', router.routes() as unknown as Middleware)] });
    expect(await routeOf('/site/pages/7')).to.equal('/site/pages/:page');
    for (const path of ['/site', '/site/']) expect(await routeOf(path)).to.equal('/site');
  });

  it('cuts a route that is too long with it', async () => {
    const router = new Router();
    const [long, longer] = [`/${'x'.repeat(1000)}`, `/${'y'.repeat(100)}`];
    router.get(long, tracked(), (ctx) => void (ctx.body = 'ok'));
    await start({ between: [mount(longer, router.routes() as unknown as Middleware)] });
    const route = await routeOf(longer + long);
    expect(route)
      .to.have.lengthOf(1024)
      .and.satisfy((text: string) => text.endsWith('x…'));
  });

  it('leaves the routes behind it alone', async () => {
    const { base, controller } = guestController();
    const passing: Middleware = (_ctx, next) => next();
    await start({ between: [mount(base, passing)], controllers: [controller] });
    expect(await routeOf(`${base}/ada`)).to.equal(`${base}/:id`);
  });

  for (const [where, prefix, between] of FAILURES) {
    it(`keeps of a request that fails ${where} what its action would`, async () => {
      const { base, controller } = guestController();
      await start({ between: between(controller) });
      const { status, records } = await post(`${prefix}${base}/ada`);
      expect([status, records.length]).to.deep.equal([400, 1]);
      expect(records[0]).to.include({ remoteAddr: null, path: `${base}/:id`, route: null });
      // An id is random and may hold the name.
      expect(JSON.stringify({ ...records[0], id: '' })).to.not.include('ada');
      const untracked = await post(`${prefix}${base}/diary/monday`);
      expect([untracked.status, untracked.records.length]).to.deep.equal([400, 0]);
    });
  }

  it('leaves other requests that fail as they are', async () => {
    const { controller } = guestController();
    await start({ between: [refusing, mount('/v1', guest(controller))] });
    const { records } = await post('/v1/pages/7');
    expect(records[0]).to.include({ remoteAddr: '127.0.0.1', path: '/v1/pages/7' });
    const { record } = await askRecord(served, '/nowhere');
    expect(record).to.include({ remoteAddr: '127.0.0.1', path: '/nowhere', status: 404 });
  });

  it('does not keep other requests from being recorded by an untracked action at its root', async () => {
    @UntrackedController()
    @JsonController()
    class RootController {
      // A method that no other spec asks for: an untracked `/` counts in the whole process.
      @Method('lock', '/')
      root() {
        return 'ok';
      }
    }
    await start({ between: [mount('/v1', guest(RootController, refusing))] });
    const lock = (path: string): ReturnType<typeof ask> => ask(served, path, { method: 'LOCK' });
    expect((await lock('/nowhere')).records).to.have.lengthOf(1);
    expect((await lock('/v1')).records).to.have.lengthOf(0);
  });

  it('is not looked for at other paths where it is served by itself', async () => {
    const { base, controller } = guestController();
    const other = await serve({ controllers: [controller] });
    try {
      await start({});
      const path = `/elsewhere${base}/diary/monday`;
      expect((await post(path)).records[0]).to.include({ remoteAddr: '127.0.0.1', path });
    } finally {
      await other.close();
    }
  });

  it('is not hidden by the untracked actions of servers beside it', async () => {
    const quiet = useKoaServer(new Koa(), { controllers: [managementController('/quiet')] });
    // As a server does.
    quiet.callback();
    useKoaServer(
      new Koa().on('error', () => {}),
      { controllers: [managementController('/logging')] },
    );
    const health: Middleware = (ctx, next) => (ctx.path === '/quiet/health' ? void (ctx.body = 1) : next());
    await start({ between: [mount('/v1', health)] });
    for (const [path, status] of [
      ['/quiet/health', 404],
      ['/quiet/scan', 404],
      ['/logging/health', 404],
      ['/v1/quiet/health', 200],
    ] as const) {
      expect((await askRecord(served, path)).record).to.include({ path, status });
    }
    expect(served.usage.tracker.stats().skipped.untracked).to.equal(0);
  });

  it('counts what its own untracked actions could not answer', async () => {
    const { base, controller } = guestController();
    await start({ between: [refusing], controllers: [controller] });
    expect((await post(`${base}/diary/monday`)).records).to.have.lengthOf(0);
    expect(served.usage.tracker.stats().skipped.untracked).to.equal(1);
  });
});

describe('The ways in which a path may belong to a mounted application', () => {
  it('are its ends', () => {
    expect(mountedPaths('/a/b')).to.deep.equal([
      { mountPath: '/a', path: '/b' },
      { mountPath: '/a/b', path: '/' },
    ]);
    expect(mountedPaths('/a/')).to.deep.equal([{ mountPath: '/a', path: '/' }]);
    for (const path of ['/', '*', '']) expect(mountedPaths(path)).to.deep.equal([]);
  });

  it('are few, however long it is', () => {
    expect(mountedPaths('/a'.repeat(8000))).to.have.lengthOf(8);
  });
});
