import { Router, type RouterMiddleware } from '@koa/router';
import { expect } from 'chai';
import Koa from 'koa';
import mount from 'koa-mount';
import { Get, JsonController, useKoaServer } from 'routing-controllers';
import { TrackedController, tracked, untracked } from '../../src/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { forgetDeclared } from '../support/declared.js';
import { mountable } from '../support/mountable.js';
import { declaredIn } from '../support/register.js';
import { type Served, type ServeOptions, serve } from '../support/serve.js';
import { until } from '../support/until.js';

const answer: RouterMiddleware = (context) => {
  context.body = 'here';
};

@JsonController('/pets')
@TrackedController()
class PetsController {
  @Get('/:id') get(): object {
    return {};
  }
}

const goOn: RouterMiddleware = (_context, next) => next();

describe('What is declared in the register', () => {
  let storage: MemoryStorage;
  let clock: ManualClock;
  const opened: Served[] = [];

  beforeEach(() => {
    forgetDeclared();
    storage = new MemoryStorage();
    clock = new ManualClock();
  });

  afterEach(async () => {
    for (const served of opened.splice(0).toReversed()) await served.close();
  });

  async function start(options: ServeOptions, into = storage): Promise<Served> {
    const served = await serve({ ...options, tracker: { storage: into, clock, ...options.tracker } });
    opened.push(served);
    return served;
  }

  const ask = async ({ origin }: Served, path: string): Promise<void> => {
    await (await fetch(origin + path)).text();
  };

  /** Lets the tracker see that there is something new. */
  async function becomes(expected: readonly string[]): Promise<void> {
    let declared: readonly string[] = [];
    const isSo = async (): Promise<boolean> => {
      await clock.advance(61_000);
      declared = (await declaredIn(storage)).toSorted();
      return declared.join() === expected.toSorted().join();
    };
    await until(isSo, 'the register has it').catch(() => {});
    expect(declared).to.deep.equal(expected.toSorted());
  }

  it('are all marked routes of a router, once anything was requested of its application', async () => {
    const inner = new Router({ prefix: '/inner' });
    inner.use(untracked());
    inner.get('/a', answer).get('/b', tracked(), answer);
    const router = new Router({ prefix: '/api' });
    router.get('/before', answer);
    router.use('/users', tracked());
    router.get('/users/:id', answer).del('/users/:id', untracked(), answer);
    router.get('/other', answer).all('/any', tracked({ sampleRate: 0.5 }), answer);
    router.use(inner.routes());
    const served = await start({ between: mountable(router) });
    await clock.advance(20_000);
    expect(await declaredIn(storage)).to.deep.equal([]);
    await ask(served, '/health');
    await becomes([
      'GET /api/users/:id',
      '(DELETE /api/users/:id)',
      'ALL /api/any',
      '(GET /api/inner/a)',
      'GET /api/inner/b',
    ]);
  });

  it('are wrapped routes once they were requested, also those that only the answered request tells apart', async () => {
    const wrapped =
      (middleware: RouterMiddleware): RouterMiddleware =>
      (context, next) =>
        middleware(context, next);
    const router = new Router();
    router.get('/a', wrapped(tracked()), answer).get('/b', wrapped(tracked()), answer);
    router.use(goOn).get('/x/:id', goOn).use(wrapped(tracked())).get('/x/y', answer);
    const served = await start({ between: mountable(router) });
    for (const path of ['/a', '/a', '/x/y']) await ask(served, path);
    await becomes(['GET /a', 'GET /x/y']);
    await ask(served, '/b');
    await becomes(['GET /a', 'GET /b', 'GET /x/y']);
  });

  for (const first of ['/health', '/users']) {
    it(`are routes whose own marker beats that of their router, where ${first} is requested first`, async () => {
      const seen = new Router({ prefix: '/seen' });
      seen.use(tracked()).get('/health', untracked(), answer).get('/users', answer);
      const unmark = untracked();
      const hidden = new Router({ prefix: '/hidden' });
      hidden.use(tracked()).get('/health', (context, next) => unmark(context, next), answer);
      const served = await start({ between: [seen, hidden].flatMap(mountable) });
      for (const path of [`/seen${first}`, '/seen/users', '/seen/health', '/hidden/health', '/hidden/health'])
        await ask(served, path);
      await becomes(['(GET /seen/health)', 'GET /seen/users', '(GET /hidden/health)']);
      for (const path of ['/seen/health', '/hidden/health']) await ask(served, path);
      await becomes(['(GET /seen/health)', 'GET /seen/users', '(GET /hidden/health)']);
    });
  }

  it('are routes whose own marker beats that of their router, where they were known before a request', async () => {
    const router = new Router();
    router.use(tracked()).get('/health', untracked(), answer);
    const served = await start({ between: mountable(router) });
    await ask(served, '/nothing');
    await becomes(['(GET /health)']);
    await ask(served, '/health');
    await becomes(['(GET /health)']);
    expect(served.usage.tracker.routes().map(({ route }) => route)).to.deep.equal(['/health']);
  });

  it('are the actions of a mounted application below its path, once that is known', async () => {
    const inner = new Koa();
    useKoaServer(inner, { controllers: [PetsController] });
    const served = await start({ between: [mount('/api', inner)] });
    await ask(served, '/api/nothing');
    await becomes([]);
    await ask(served, '/api/pets/5');
    await becomes(['GET /api/pets/:id']);
  });

  it('are none of what another tracker of the process watches', async () => {
    const router = new Router();
    router.get('/a', tracked(), answer);
    const other = new MemoryStorage();
    const inner = new Koa();
    useKoaServer(inner, { controllers: [PetsController] });
    const served = await start({ controllers: [PetsController], between: [mount('/api', inner)] }, other);
    for (const path of ['/pets/5', '/api/pets/5']) await ask(served, path);
    await ask(await start({ between: mountable(router) }), '/a');
    await becomes(['GET /a']);
    expect(await declaredIn(other)).to.deep.equal(['GET /api/pets/:id', 'GET /pets/:id']);
  });
});
