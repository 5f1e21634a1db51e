import 'reflect-metadata';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import Koa, { type Context, type Next } from 'koa';
import {
  Authorized,
  Body,
  Get,
  JsonController,
  type KoaMiddlewareInterface,
  Middleware,
  Param,
  Post,
  type RoutingControllersOptions,
  createKoaServer,
  getMetadataArgsStorage,
  useContainer,
  useKoaServer,
} from 'routing-controllers';
import { Container, Service } from 'typedi';
import { TrackedController, Untracked, type UsageMiddleware, trackUsage } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { KeepingLogger } from '../support/crash-watch.js';
import { until } from '../support/until.js';

@Service()
@TrackedController()
@JsonController('/things')
class ThingController {
  @Get('/mine')
  mine() {
    return { id: 0 };
  }

  @Get('/:id')
  one(@Param('id') id: string) {
    return { id };
  }

  @Post('/')
  create(@Body() body: object) {
    return body;
  }

  @Authorized()
  @Get('/:id/secret')
  secret() {
    return {};
  }

  @Untracked()
  @Get('/:id/health')
  health() {
    return {};
  }
}

/** What the middleware of the class below hands requests to. */
let usage: UsageMiddleware;

/** Middleware as an application has it. */
function declareMiddleware(): readonly Function[] {
  @Service()
  @Middleware({ type: 'before', priority: 1000 })
  class TrackUsage implements KoaMiddlewareInterface {
    use(context: Context, next: Next) {
      return usage(context, next);
    }
  }

  @Service()
  @Middleware({ type: 'before', priority: 999 })
  class Other implements KoaMiddlewareInterface {
    async use(context: Context, next: Next) {
      await next();
      context.set('x-other', 'behind the tracker');
    }
  }
  return [Other, TrackUsage];
}

const OPTIONS: RoutingControllersOptions = {
  controllers: [ThingController],
  authorizationChecker: () => false,
  development: false,
};

let middleware: readonly Function[] = [];

const WAYS: Readonly<Record<string, () => Koa>> = {
  'useKoaServer(new Koa().use(usage), options)': () =>
    useKoaServer(new Koa().use(usage), { ...OPTIONS, middlewares: middleware.slice(0, 1) }),
  'createKoaServer({ middlewares: [TrackUsage] })': () =>
    createKoaServer({ ...OPTIONS, middlewares: [...middleware] }) as Koa,
};

describe("In place of routing-controllers' createKoaServer(options)", () => {
  let memory: MemoryStorage;
  let logger: KeepingLogger;
  let server: Server;
  let origin: string;

  before(() => {
    middleware = declareMiddleware();
  });

  after(() => {
    // Applications that list no middleware get all that there is, and other specs have some of these.
    const all = getMetadataArgsStorage();
    all.middlewares = all.middlewares.filter(({ target }) => !middleware.includes(target));
  });

  beforeEach(() => {
    useContainer(Container, { fallbackOnErrors: true });
    memory = new MemoryStorage();
    logger = new KeepingLogger();
    usage = trackUsage({ storage: memory, logger, serverName: 'spec' });
  });

  afterEach(async () => {
    await usage.tracker.close({ server, timeoutMs: 1000 });
  });

  async function start(makeApp: () => Koa): Promise<void> {
    const app = makeApp();
    app.silent = true;
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function ask(path: string, init?: RequestInit): Promise<number> {
    const response = await fetch(origin + path, init);
    await response.text();
    return response.status;
  }

  async function recorded(count: number) {
    await until(() => usage.tracker.stats().accepted === count, 'the requests are recorded');
    await usage.tracker.flush();
    return memory.records;
  }

  const post = (body: string): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });

  for (const [way, makeApp] of Object.entries(WAYS)) {
    it(`${way} books each request under the action that ran`, async () => {
      await start(makeApp);
      const asked = [
        await ask('/things/mine'),
        await ask('/things/7'),
        await ask('/things/7/secret'),
        await ask('/things/7/health'),
        await ask('/things', post('{"a":1}')),
      ];
      expect(asked).to.deep.equal([200, 200, 401, 200, 200]);
      const records = await recorded(4);
      expect(
        records.map(({ action, route, status, errorType, requestBytes }) => [
          [action, route, status, errorType, requestBytes],
        ]),
      ).to.deep.equal([
        [['mine', '/things/mine', 200, null, 0]],
        [['one', '/things/:id', 200, null, 0]],
        [['secret', '/things/:id/secret', 401, 'AuthorizationRequiredError', 0]],
        [['create', '/things', 200, null, 7]],
      ]);
      expect(records.every(({ controller }) => controller === 'ThingController')).to.equal(true);
      expect(logger.lines).to.deep.equal([]);
    });
  }

  it('a class of middleware does not see what the body parser refuses, and an application of its own does', async () => {
    const seen: number[] = [];
    for (const makeApp of Object.values(WAYS)) {
      await usage.tracker.close();
      usage = trackUsage({ storage: memory, logger, defaultPolicy: 'include', trackUnmatched: true });
      await start(makeApp);
      expect(await ask('/things', post('{'))).to.equal(400);
      expect(await ask('/things/mine')).to.equal(200);
      await until(() => usage.tracker.stats().accepted > 0, 'the last one is recorded');
      const { accepted } = usage.tracker.stats();
      await usage.tracker.close({ server });
      seen.push(accepted);
    }
    expect(seen).to.deep.equal([2, 1]);
  });

  it('what createKoaServer returns has its controllers already, and the warning names a way that works', async () => {
    // Without a list, all classes of middleware are taken.
    await start(() =>
      (createKoaServer({ ...OPTIONS, middlewares: middleware.slice(0, 1) }) as Koa).use(usage),
    );
    expect(await ask('/things', post('{}'))).to.equal(200);
    expect(logger.lines).to.have.lengthOf(1);
    expect(logger.lines[0]).to.include('useKoaServer(new Koa().use(trackUsage()), options)');
  });
});
