import { Router, type RouterMiddleware } from '@koa/router';
import { expect } from 'chai';
import { Get, HttpError, JsonController } from 'routing-controllers';
import { Tracked, tracked, untracked } from '../../../src/index.js';
import { ask, askRecord } from '../../support/ask.js';
import { mountable } from '../../support/mountable.js';
import { type Served, type ServeOptions, serve } from '../../support/serve.js';

@JsonController('/classes')
class ClassController {
  @Tracked()
  @Get('/tracked')
  tracked() {
    return {};
  }

  @Get('/plain')
  plain() {
    return {};
  }
}

const answer: RouterMiddleware = (context) => {
  context.body = { params: context.params };
};

const answerAndGoOn: RouterMiddleware = (context, next) => {
  context.body = { params: context.params };
  return next();
};

describe('plain routes', () => {
  let served: Served;
  afterEach(() => served.close());

  async function start(router: Router, tracker: ServeOptions['tracker'] = {}): Promise<void> {
    served = await serve({ controllers: [ClassController], between: mountable(router), tracker });
  }

  it('are tracked where they are marked so, with their template and parameters, and without a class', async () => {
    await start(new Router().get('/x/:id', tracked(), answer).get('/plain', answer));
    const { status, record } = await askRecord(served, '/x/7?page=2');
    expect(status).to.equal(200);
    expect(record).to.deep.include({
      route: '/x/:id',
      path: '/x/7',
      params: { id: '7' },
      controller: null,
      action: null,
      status: 200,
      errorType: null,
    });
    expect((await ask(served, '/plain')).records).to.deep.equal([]);
  });

  it('are unmatched requests where they are not marked, whatever they are to the router', async () => {
    await start(new Router().get('/plain/:id', answer), { defaultPolicy: 'include', trackUnmatched: true });
    const { record } = await askRecord(served, '/plain/7');
    expect(record).to.include({ status: 200, route: null, controller: null, params: null });
  });

  it('are left untracked where they are marked so, though unmatched requests are tracked', async () => {
    await start(new Router().get('/health', untracked(), answer), {
      defaultPolicy: 'include',
      trackUnmatched: true,
    });
    const { status, records } = await ask(served, '/health');
    expect([status, records.length]).to.deep.equal([200, 0]);
    expect((await ask(served, '/nowhere')).records).to.have.lengthOf(1);
  });

  it('have the prefix of their router in their template', async () => {
    const router = new Router({ prefix: '/api/:version' });
    router.get('/x/:id', tracked(), answer).get('/', tracked(), answer);
    await start(router);
    expect((await askRecord(served, '/api/v1/x/7')).record).to.deep.include({
      route: '/api/:version/x/:id',
      params: { version: 'v1', id: '7' },
    });
    expect((await askRecord(served, '/api/v1')).record).to.deep.include({
      route: '/api/:version',
      params: { version: 'v1' },
    });
  });

  it('have the prefixes of all routers that they are nested in', async () => {
    const inner = new Router({ prefix: '/inner' }).get('/x/:id', tracked(), answer);
    const outer = new Router({ prefix: '/outer' });
    outer.use('/mount/:at', inner.routes());
    await start(outer);
    expect((await askRecord(served, '/outer/mount/here/inner/x/7')).record).to.deep.include({
      route: '/outer/mount/:at/inner/x/:id',
      params: { at: 'here', id: '7' },
    });
  });

  it('may have regular expressions as their paths', async () => {
    await start(new Router().get(/^\/files\/(\d+)$/, tracked(), answer));
    expect((await askRecord(served, '/files/7')).record.route).to.equal(String.raw`/^\/files\/(\d+)$/`);
  });

  it('are booked once where the mark stands twice, and keep what is said last', async () => {
    await start(
      new Router()
        .get('/twice', tracked(), tracked(), answer)
        .get('/torn', tracked(), untracked(), answer)
        .get('/torn/back', untracked(), tracked(), answer),
    );
    expect((await ask(served, '/twice')).records).to.have.lengthOf(1);
    expect((await ask(served, '/torn')).records).to.have.lengthOf(0);
    expect((await ask(served, '/torn/back')).records).to.have.lengthOf(1);
  });

  it('keep the template and parameters of the one that ran, though a later one matches', async () => {
    await start(
      new Router()
        .get('/users/me', tracked(), answer)
        .get('/users/:id', tracked(), answer)
        .get('/on/:first', tracked(), answerAndGoOn)
        .get('/on/:second', answer),
    );
    expect((await askRecord(served, '/users/me')).record).to.include({ route: '/users/me', params: null });
    expect((await askRecord(served, '/on/7')).record).to.deep.include({
      route: '/on/:first',
      params: { first: '7' },
    });
  });

  it('that throw are booked with the error and the status that went out', async () => {
    const throwing = new Router()
      .get('/http', tracked(), () => {
        throw Object.assign(new HttpError(418), { status: 418 });
      })
      .get('/late', tracked(), async () => {
        throw new RangeError('late');
      })
      .get('/string', tracked(), () => {
        // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- the subject
        throw 'text';
      })
      .get('/refused', tracked(), (context) => context.throw(403))
      .get('/untracked', untracked(), () => {
        throw new RangeError('untracked');
      });
    await start(throwing);
    const expected: [string, number, string][] = [
      ['/http', 418, 'HttpError'],
      ['/late', 500, 'RangeError'],
      ['/string', 500, 'string'],
      ['/refused', 403, 'ForbiddenError'],
    ];
    for (const [url, code, errorType] of expected) {
      const { status, record } = await askRecord(served, url);
      expect([url, status]).to.deep.equal([url, code]);
      expect(record, url).to.include({ status, errorType, route: url });
    }
    const { status, records } = await ask(served, '/untracked');
    expect([status, records.length]).to.deep.equal([500, 0]);
  });

  it('leave the actions of controllers as they are', async () => {
    await start(new Router().get('/x', tracked(), answer));
    expect((await askRecord(served, '/classes/tracked')).record).to.include({
      controller: 'ClassController',
      action: 'tracked',
      route: '/classes/tracked',
    });
    expect((await ask(served, '/classes/plain')).records).to.deep.equal([]);
  });

  it('give way to the action of a controller that they pass the request on to', async () => {
    const router = new Router().get('/classes/:name', tracked(), (_context, next) => next());
    await start(router);
    expect((await askRecord(served, '/classes/tracked')).record).to.include({
      controller: 'ClassController',
      route: '/classes/tracked',
    });
    const { status, records } = await ask(served, '/classes/plain');
    expect([status, records.length]).to.deep.equal([200, 0]);
  });

  it('take nothing from the action of a controller in front of them', async () => {
    const router = new Router().get('/classes/:name', tracked(), (_context, next) => next());
    served = await serve({ controllers: [ClassController], after: mountable(router) });
    expect((await askRecord(served, '/classes/tracked')).record).to.deep.include({
      controller: 'ClassController',
      route: '/classes/tracked',
      params: null,
    });
    const { status, records } = await ask(served, '/classes/plain');
    expect([status, records.length]).to.deep.equal([200, 0]);
  });

  it('are HEAD and OPTIONS as well', async () => {
    await start(new Router().get('/x', tracked(), answer).options('/x', tracked(), answer));
    expect((await askRecord(served, '/x', { method: 'HEAD' })).record).to.include({
      method: 'HEAD',
      route: '/x',
      responseBytes: 0,
    });
    expect((await askRecord(served, '/x', { method: 'OPTIONS' })).record).to.include({ method: 'OPTIONS' });
    const { status, records } = await ask(served, '/x', { method: 'DELETE' });
    expect([status, records.length]).to.deep.equal([405, 0]);
  });

  it('cost nothing without a tracker in front', async () => {
    const router = new Router().get('/x', tracked(), answer).get('/y', untracked(), answer);
    served = await serve({ before: mountable(router) });
    for (const url of ['/x', '/y']) {
      const { status, records } = await ask(served, url);
      expect([url, status, records.length]).to.deep.equal([url, 200, 0]);
    }
  });

  it('says so when a mark stands without its parentheses', () => {
    for (const mark of [tracked, untracked]) {
      const asMiddleware = mark as unknown as (context: object, next: () => Promise<void>) => void;
      expect(() => asMiddleware({}, () => Promise.resolve())).to.throw(/without its parentheses/);
    }
  });
});
