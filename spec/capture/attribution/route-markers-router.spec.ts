import { Router, type RouterMiddleware } from '@koa/router';
import { expect } from 'chai';
import { tracked, untracked } from '../../../src/index.js';
import { ask, askRecord } from '../../support/ask.js';
import { mountable } from '../../support/mountable.js';
import { type Served, serve } from '../../support/serve.js';

const answer: RouterMiddleware = (context) => {
  context.body = { params: context.params };
};

const answerAndGoOn: RouterMiddleware = (context, next) => {
  context.body = { params: context.params };
  return next();
};

const pass: RouterMiddleware = (_context, next) => next();

describe('a marked router', () => {
  let served: Served;
  afterEach(() => served.close());

  async function start(...routers: readonly Router[]): Promise<void> {
    served = await serve({ between: routers.flatMap(mountable) });
  }

  it('tracks its routes by their own templates and parameters', async () => {
    const router = new Router();
    router.use(tracked());
    router.get('/users', answer).get('/users/:id', answer).post('/users/:name', answer);
    await start(router);
    expect((await askRecord(served, '/users')).record).to.deep.include({ route: '/users', params: null });
    expect((await askRecord(served, '/users/7')).record).to.deep.include({
      route: '/users/:id',
      params: { id: '7' },
    });
    expect((await askRecord(served, '/users/ada', { method: 'POST' })).record).to.deep.include({
      route: '/users/:name',
      params: { name: 'ada' },
    });
    expect((await ask(served, '/nowhere')).records).to.deep.equal([]);
    expect((await ask(served, '/users', { method: 'DELETE' })).records).to.deep.equal([]);
  });

  it('leaves untracked a route that says so', async () => {
    const router = new Router({ prefix: '/api' });
    router.use(tracked());
    router.get('/users', answer).get('/health', untracked(), answer);
    await start(router);
    expect((await askRecord(served, '/api/users')).record.route).to.equal('/api/users');
    const { status, records } = await ask(served, '/api/health');
    expect([status, records.length]).to.deep.equal([200, 0]);
  });

  it('may be untracked but for one route', async () => {
    const router = new Router({ prefix: '/api' });
    router.use(untracked());
    router.get('/users', answer).get('/orders/:id', tracked(), answer);
    await start(router);
    expect((await ask(served, '/api/users')).records).to.deep.equal([]);
    expect((await askRecord(served, '/api/orders/7')).record).to.deep.include({
      route: '/api/orders/:id',
      params: { id: '7' },
    });
  });

  it('books the route that answers, not one that matches later', async () => {
    const router = new Router();
    router.use(tracked());
    router.get('/users/me', answer).get('/users/:id', answer);
    router.get('/on/:first', answerAndGoOn).get('/on/:second', answer);
    await start(router);
    expect((await askRecord(served, '/users/me')).record).to.deep.include({
      route: '/users/me',
      params: null,
    });
    expect((await askRecord(served, '/on/7')).record).to.deep.include({
      route: '/on/:first',
      params: { first: '7' },
    });
  });

  it('may have a prefix with parameters', async () => {
    const router = new Router({ prefix: '/teams/:team' });
    router.use(tracked());
    router.get('/members/:id', answer);
    await start(router);
    expect((await askRecord(served, '/teams/red/members/7')).record).to.deep.include({
      route: '/teams/:team/members/:id',
      params: { team: 'red', id: '7' },
    });
  });

  it('may be marked for some paths only', async () => {
    const router = new Router();
    router.use('/admin', tracked());
    router.get('/admin/users/:id', answer).get('/public', answer);
    await start(router);
    expect((await askRecord(served, '/admin/users/7')).record).to.deep.include({
      route: '/admin/users/:id',
      params: { id: '7' },
    });
    expect((await ask(served, '/public')).records).to.deep.equal([]);
  });

  it('may be nested in another, and may hold a nested one', async () => {
    const inner = new Router();
    inner.use(tracked());
    inner.get('/x/:id', answer);
    const outer = new Router({ prefix: '/outer' });
    outer.use('/inner', inner.routes());
    const holder = new Router({ prefix: '/holder' });
    holder.use(tracked());
    holder.use('/inner', new Router().get('/y/:id', answer).routes());
    await start(outer, holder);
    expect((await askRecord(served, '/outer/inner/x/7')).record).to.deep.include({
      route: '/outer/inner/x/:id',
      params: { id: '7' },
    });
    expect((await askRecord(served, '/holder/inner/y/7')).record).to.deep.include({
      route: '/holder/inner/y/:id',
      params: { id: '7' },
    });
  });

  it('is not mistaken for a router in front of it that matched but did not answer', async () => {
    const front = new Router().get('/users/:front', (_context, next) => next());
    const router = new Router();
    router.use(tracked());
    router.get('/users/:id', answer);
    await start(front, router);
    expect((await askRecord(served, '/users/7')).record).to.include({ route: '/users/:id' });
  });

  it('may use other middleware in front of its mark, behind it and between its routes', async () => {
    const mark = tracked();
    const router = new Router();
    router.use(pass);
    router.use(mark);
    router.use(pass);
    router.get('/first/:id', answer);
    router.use(pass, untracked());
    router.get('/second/:id', answer);
    const other = new Router();
    other.use(mark);
    other.get('/third/:id', answer);
    await start(router, other);
    expect((await askRecord(served, '/first/7')).record.route).to.equal('/first/:id');
    expect((await ask(served, '/second/7')).records).to.deep.equal([]);
    expect((await askRecord(served, '/third/7')).record.route).to.equal('/third/:id');
  });

  it('minds no application that keeps something of its own where a router keeps its matches', async () => {
    served = await serve({
      before: [
        (context, next) => {
          Object.assign(context, { matched: 7, routerPath: '/odd' });
          return next();
        },
      ],
      between: [tracked(), (context) => context.throw(409)],
    });
    const { status, record } = await askRecord(served, '/anything');
    expect(status).to.equal(409);
    expect(record).to.include({ status: 409, route: null, errorType: 'ConflictError' });
  });

  it('books the errors of its routes', async () => {
    const router = new Router();
    router.use(tracked());
    router.get('/fails/:id', () => {
      throw new RangeError('x');
    });
    await start(router);
    const { status, record } = await askRecord(served, '/fails/7');
    expect(status).to.equal(500);
    expect(record).to.include({ status: 500, route: '/fails/:id', errorType: 'RangeError' });
  });

  it('marks without a route where it stands outside of any router', async () => {
    served = await serve({
      between: [
        tracked(),
        (context) => {
          context.body = 'answer';
        },
      ],
    });
    expect((await askRecord(served, '/anything')).record).to.include({
      route: null,
      controller: null,
      status: 200,
    });
  });
});
