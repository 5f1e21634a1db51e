import { createRequire } from 'node:module';
import { Router, type RouterMiddleware } from '@koa/router';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { Get, JsonController } from 'routing-controllers';
import { TrackedController, tracked, untracked } from '../../../src/index.js';
import { ask, askRecord } from '../../support/ask.js';
import { mountable } from '../../support/mountable.js';
import { type Served, serve } from '../../support/serve.js';

const require = createRequire(createRequire(import.meta.url).resolve('routing-controllers'));

/** The one that applications have, and the one that routing-controllers brings. */
const ROUTERS: Record<string, typeof Router> = {
  '@koa/router 15': Router,
  '@koa/router 13': require('@koa/router') as typeof Router,
};

type Wrap = (middleware: Middleware) => Middleware;

const wrapped: Wrap = (middleware) => (context, next) => middleware(context, next);
const pass: Middleware = (_context, next) => next();
const composed: Wrap = (middleware) => (context, next) =>
  pass(context, async () => middleware(context, next));

const WRAPS: Record<string, Wrap> = {
  'not wrapped': (middleware) => middleware,
  wrapped,
  'wrapped twice': (middleware) => wrapped(wrapped(middleware)),
  composed,
};

/** Puts a function of its own in the place of all those of a router, in a copy of its layers' lists, as agents that trace do. */
function instrument(router: Router): Router {
  for (const layer of router.stack) {
    layer.stack = layer.stack.map((each) => wrapped(each as unknown as Middleware) as never);
  }
  return router;
}

const answer: RouterMiddleware = (context) => {
  context.body = { params: context.params };
};
const refuse: RouterMiddleware = (context) => context.throw(401);
const goOn = pass as unknown as RouterMiddleware;

for (const [version, Made] of Object.entries(ROUTERS)) {
  for (const [how, wrap] of Object.entries(WRAPS)) {
    const mark = (): RouterMiddleware => wrap(tracked());
    const unmark = (): RouterMiddleware => wrap(untracked());

    describe(`a mark on a router of ${version}, ${how},`, () => {
      let served: Served;
      afterEach(() => served.close());

      async function start(...routers: readonly Router[]): Promise<void> {
        served = await serve({ between: routers.map(instrument).flatMap(mountable) });
      }

      async function seen(path: string): Promise<readonly unknown[]> {
        const { record } = await askRecord(served, path);
        expect(JSON.stringify(record)).to.not.include('hunter2');
        return [record.path, record.route, record.params];
      }

      it('books the route that answers, and its parameters', async () => {
        const api = new Made({ prefix: '/api' });
        api.use(mark());
        api.get('/users/me', answer).get('/users/:id', answer).get('/reset/:token', answer);
        api.get('/health', unmark(), answer);
        await start(api, new Made().get('/reports/:year', mark(), answer));
        expect(await seen('/api/users/me')).to.deep.equal(['/api/users/me', '/api/users/me', null]);
        expect(await seen('/api/users/5')).to.deep.equal(['/api/users/5', '/api/users/:id', { id: '5' }]);
        expect(await seen('/api/reset/hunter2')).to.deep.equal([
          '/api/reset/REDACTED',
          '/api/reset/:token',
          { token: 'REDACTED' },
        ]);
        expect(await seen('/reports/2026')).to.deep.equal([
          '/reports/2026',
          '/reports/:year',
          { year: '2026' },
        ]);
        expect((await ask(served, '/api/health')).records).to.deep.equal([]);
      });

      it('knows the parameters of prefixes, of paths that it stands on, and of nested routers', async () => {
        const teams = new Made({ prefix: '/teams/:team' });
        teams.use(mark());
        teams.get('/members/:id', answer);
        const keys = new Made({ prefix: '/keys/:token' });
        keys.use(mark());
        keys.get('/uses/:id', answer);
        const admin = new Made();
        admin.use('/admin', mark());
        admin.get('/admin/reset/:token', answer).get('/admin', answer);
        const inner = new Made();
        inner.use(mark());
        inner.get('/x/:id', answer).get('/reset/:token', answer);
        await start(teams, keys, admin, new Made({ prefix: '/outer' }).use('/inner', inner.routes()));
        expect(await seen('/teams/red/members/7')).to.deep.equal([
          '/teams/red/members/7',
          '/teams/:team/members/:id',
          { team: 'red', id: '7' },
        ]);
        expect(await seen('/keys/hunter2/uses/7')).to.deep.equal([
          '/keys/REDACTED/uses/7',
          '/keys/:token/uses/:id',
          { token: 'REDACTED', id: '7' },
        ]);
        expect(await seen('/admin/reset/hunter2')).to.deep.equal([
          '/admin/reset/REDACTED',
          '/admin/reset/:token',
          { token: 'REDACTED' },
        ]);
        expect(await seen('/admin')).to.deep.equal(['/admin', '/admin', null]);
        expect(await seen('/outer/inner/x/7')).to.deep.equal([
          '/outer/inner/x/7',
          '/outer/inner/x/:id',
          { id: '7' },
        ]);
        expect((await seen('/outer/inner/reset/hunter2'))[1]).to.equal('/outer/inner/reset/:token');
      });

      it('keeps no secret of the route that something behind it refused', async () => {
        const api = new Made({ prefix: '/api' });
        api.use(mark());
        api.use(refuse);
        api.get('/reset/:token', answer);
        await start(api);
        expect((await seen('/api/reset/hunter2'))[1]).to.equal('/api/reset/:token');
      });

      it('keeps no secret of a route that another passed the request on to', async () => {
        const api = new Made();
        api.use(mark());
        api.get('/reset/:kind', goOn).get('/reset/:token', answer);
        const other = new Made().get('/keys/:name', mark(), goOn);
        await start(api, other, new Made().get('/keys/:token', answer));
        expect((await seen('/reset/hunter2'))[0]).to.equal('/reset/:token');
        expect((await seen('/keys/hunter2'))[0]).to.equal('/keys/:token');
      });

      it('keeps no secret where marks and routes take turns, and books the route that answers', async () => {
        const api = new Made();
        api.use(goOn);
        api.get('/reset/:kind', goOn);
        api.use(mark());
        api.get('/reset/:token', answer);
        await start(api);
        expect(await seen('/reset/hunter2')).to.deep.equal([
          '/reset/REDACTED',
          '/reset/:token',
          { token: 'REDACTED' },
        ]);
      });

      it('keeps no secret where it stands outside of routers', async () => {
        const api = new Made().get('/reset/:token', answer).get('/denied/:token', refuse);
        served = await serve({ between: [wrap(tracked()), ...mountable(instrument(api))] });
        expect(await seen('/reset/hunter2')).to.deep.equal([
          '/reset/REDACTED',
          '/reset/:token',
          { token: 'REDACTED' },
        ]);
        expect((await seen('/denied/hunter2'))[1]).to.equal('/denied/:token');
      });

      it('does not show the parameters of a router that passed the request on', async () => {
        const front = new Made().get('/users/:front', goOn);
        const api = new Made();
        api.use(mark());
        api.get('/users/:id', answer);
        await start(front, api, new Made().get('/x/:first', goOn), new Made().get('/x/:id', mark(), answer));
        expect(await seen('/users/7')).to.deep.equal(['/users/7', '/users/:id', { id: '7' }]);
        expect(await seen('/x/7')).to.deep.equal(['/x/7', '/x/:id', { id: '7' }]);
      });
    });
  }
}

@TrackedController()
@JsonController('/shared')
class SharedController {
  @Get('/:id')
  one() {
    return {};
  }
}

describe('an action that a router in front passed the request on to', () => {
  for (const [named, path, params] of [
    ['front', '/shared/hunter2', { id: 'hunter2' }],
    ['token', '/shared/:token', null],
  ] as const) {
    it(`has its own parameters alone, and keeps no secret that the router calls ${named}`, async () => {
      const front = new Router().get(`/shared/:${named}`, goOn);
      const served = await serve({ controllers: [SharedController], between: mountable(front) });
      const { record } = await askRecord(served, '/shared/hunter2');
      expect(record).to.deep.include({ path, params, route: '/shared/:id', action: 'one' });
      await served.close();
    });
  }
});
