import { Router } from '@koa/router';
import { expect } from 'chai';
import Koa, { type Context } from 'koa';
import { Body, Get, JsonController, Post } from 'routing-controllers';
import { Tracked, TrackedController, Untracked, track } from '../../../src/index.js';
import { candidatesFor, parameterNames } from '../../../src/capture/unanswered/unanswered.js';
import { askRaw, exchangeRaw, rawRequest } from '../../support/raw-http.js';
import { mountable } from '../../support/mountable.js';
import { onlyRecord } from '../../support/serve-handler.js';
import { type Served, serve } from '../../support/serve.js';

@TrackedController({ ip: 'none', query: ['page'] })
@JsonController('/unanswered')
class ResetController {
  @Post('/reset/:token')
  reset(@Body() body: object) {
    return body;
  }

  @Post('/people/:mail')
  person(@Body() body: object) {
    return body;
  }

  @Post('/open/:name')
  open(@Body() body: object) {
    return body;
  }

  @Get('/files/:rest(.*)')
  files() {
    return {};
  }

  @Tracked({ data: false })
  @Post('/quiet')
  quiet(@Body() body: object) {
    return body;
  }

  @Untracked()
  @Post('/confess')
  confess(@Body() body: object) {
    return body;
  }

  @Untracked()
  @Get('/hidden')
  hidden() {
    return {};
  }

  @Untracked()
  @Get('/people/none')
  nobody() {
    return {};
  }

  @Get('/people/:mail')
  known() {
    return {};
  }

  @Untracked()
  @Get('/rooms/:name')
  room() {
    return {};
  }

  @Get('/rooms/hall')
  hall() {
    return {};
  }
}

@JsonController('/unanswered')
class WildController {
  @Get('/rooms/:rest(.*)')
  any() {
    return {};
  }
}

describe('A request that fails before the action that it is for', () => {
  let served: Served;

  beforeEach(async () => {
    served = await serve({
      controllers: [ResetController],
      between: [
        (ctx, next) => {
          track(ctx, { plan: 'pro' });
          return next();
        },
      ],
      tracker: {
        defaultPolicy: 'include',
        trackUnmatched: true,
        ip: 'full',
        query: ['page', 'sort'],
        params: { mail: 'redact' },
      },
    });
  });

  afterEach(() => served.close());

  const post = (path: string): Promise<string> => {
    const headers = ['Content-Type: application/json', 'Content-Length: 1', 'Connection: close'];
    return exchangeRaw(served.port, rawRequest(path, headers, 'POST', '{'));
  };

  for (const [path, template] of [
    ['/unanswered/reset/hunter2', '/unanswered/reset/:token'],
    ['/Unanswered/RESET/hunter2/', '/unanswered/reset/:token'],
    ['/unanswered/people/hunter2?page=1&sort=hunter2', '/unanswered/people/:mail'],
  ] as const) {
    it(`at ${path} as its body is none keeps what the action would`, async () => {
      expect(await post(path)).to.match(/^HTTP\/1.1 400 /);
      const record = await onlyRecord(served);
      expect(record).to.include({ path: template, remoteAddr: null, params: null, route: null, status: 400 });
      expect(JSON.stringify(record)).to.not.include('hunter2');
    });
  }

  it('by its method does so, too', async () => {
    expect(await askRaw(served.port, '/unanswered/reset/hunter2')).to.match(/^HTTP\/1.1 405 /);
    const record = await onlyRecord(served);
    expect(record).to.include({ path: '/unanswered/reset/:token', remoteAddr: null, status: 405 });
    expect(JSON.stringify(record)).to.not.include('hunter2');
  });

  it("keeps the application's own data where the action would", async () => {
    for (const path of ['/unanswered/quiet', '/unanswered/open/door']) await post(path);
    const records = await served.records();
    expect(records.map(({ trackVar }) => trackVar)).to.deep.equal([null, { plan: 'pro' }]);
  });

  it('is not recorded where the action is not, but is where another may be meant', async () => {
    expect(await post('/unanswered/confess')).to.match(/^HTTP\/1.1 400 /);
    expect(await post('/unanswered/people/none')).to.match(/^HTTP\/1.1 400 /);
    await askRaw(served.port, '/unanswered/confess');
    const records = await served.records();
    expect(records.map(({ method, status }) => [method, status])).to.deep.equal([
      ['POST', 400],
      ['GET', 405],
    ]);
  });

  it('keeps its path where the action would, and what no action is for is kept as ever', async () => {
    expect(await post('/unanswered/open/door')).to.match(/^HTTP\/1.1 400 /);
    await askRaw(served.port, '/unanswered/nowhere');
    const records = await served.records();
    expect(records.map(({ path, remoteAddr }) => [path, remoteAddr])).to.deep.equal([
      ['/unanswered/open/door', null],
      ['/unanswered/nowhere', '127.0.0.1'],
    ]);
  });
});

describe('A request that something in front of the router refuses', () => {
  let served: Served;

  before(async () => {
    served = await serve({
      controllers: [ResetController, WildController],
      between: [(ctx) => void (ctx.status = 401)],
      tracker: { defaultPolicy: 'include', trackUnmatched: true },
    });
  });

  after(() => served.close());

  for (const [request, isRecorded] of [
    ['POST /unanswered/confess', false],
    ['POST /Unanswered/Confess/', false],
    ['GET /unanswered/confess', true],
    ['GET /unanswered/hidden', false],
    ['HEAD /unanswered/hidden', false],
    ['GET /unanswered/people/none', false],
    ['GET /unanswered/people/some', true],
    ['GET /unanswered/rooms/attic', false],
    ['GET /unanswered/rooms/hall', true],
    ['GET /unanswered/rooms/attic/door', true],
    ['GET /unanswered', true],
  ] as const) {
    it(`is ${isRecorded ? '' : 'not '}recorded at ${request}, as the action would be`, async () => {
      const [method, path] = request.split(' ') as [string, string];
      const before = (await served.records()).length;
      await exchangeRaw(served.port, rawRequest(path, ['Connection: close'], method));
      expect(await served.records()).to.have.lengthOf(before + (isRecorded ? 1 : 0));
    });
  }
});

describe('A request for a route without a class that nothing marks', () => {
  let served: Served;

  beforeEach(async () => {
    const router = new Router();
    router.get('/plain/:year', (ctx) => void (ctx.body = 'ok'));
    router.get('/plain/reset/:token', (ctx) => void (ctx.body = 'ok'));
    router.get('/plain/people/:mail', (ctx) => ctx.throw(418));
    router.get('/plain/people/:password', (ctx) => void (ctx.body = 'ok'));
    served = await serve({
      after: mountable(router),
      tracker: { defaultPolicy: 'include', trackUnmatched: true, params: { mail: 'redact' } },
    });
  });

  afterEach(() => served.close());

  for (const [method, path, shown, status] of [
    ['GET', '/plain/reset/hunter2', '/plain/reset/:token', 200],
    ['POST', '/plain/reset/hunter2', '/plain/reset/:token', 405],
    ['GET', '/plain/people/hunter2', 'REDACTED', 418],
    ['GET', '/plain/2026', '/plain/2026', 200],
    ['GET', '/plain', '/plain', 404],
  ] as const) {
    it(`by ${method} at ${path} keeps ${shown}`, async () => {
      await exchangeRaw(served.port, rawRequest(path, ['Connection: close'], method));
      const record = await onlyRecord(served);
      expect(record).to.include({ path: shown, params: null, route: null, status });
      expect(JSON.stringify(record)).to.not.include('hunter2');
    });
  }
});

describe('Which actions a request may be for', () => {
  const app = new Koa();
  const routes = (path: string): (string | null)[] => {
    const { likely, elsewhere } = candidatesFor({ app, originalUrl: path, path } as Context);
    return [...likely, ...elsewhere].map(({ item }) => item.attribution.route);
  };

  before(async () => {
    const served = await serve({ controllers: [ResetController] });
    await served.close();
  });

  it('are those whose templates may match', () => {
    expect(routes('/unanswered/reset/a')).to.include('/unanswered/reset/:token');
    expect(routes('/unanswered/files/a/b/c')).to.include('/unanswered/files/:rest(.*)');
    expect(routes('/unanswered/files')).to.include('/unanswered/files/:rest(.*)');
    expect(routes('/unanswered/reset/a/b')).to.not.include('/unanswered/reset/:token');
    expect(routes('/unanswered/reset')).to.not.include('/unanswered/reset/:token');
  });

  it('are also those of an application that is made later', async () => {
    @JsonController('/unanswered-later')
    class LaterController {
      @Get('/:id')
      one() {
        return {};
      }
    }
    expect(routes('/unanswered-later/5')).to.not.include('/unanswered-later/:id');
    const served = await serve({ controllers: [LaterController] });
    await served.close();
    expect(routes('/unanswered-later/5')).to.include('/unanswered-later/:id');
  });

  for (const [template, names] of [
    ['/a/:id/b/:from-:to.pdf', ['id', 'from', 'to']],
    ['/a/*rest', ['rest']],
    ['/a{/:token}', ['token']],
    [String(/^\/a\/(?<token>\d+)$/), ['token']],
    ['/a', []],
  ] as const) {
    it(`knows the names in ${template}`, () => expect(parameterNames(template)).to.deep.equal(names));
  }
});
