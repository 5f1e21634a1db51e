import { expect } from 'chai';
import { Get, JsonController, Post } from 'routing-controllers';
import { type DefaultPolicy, Tracked, Untracked } from '../../../src/index.js';
import { ask, askRecord } from '../../support/ask.js';
import { type Served, serve } from '../../support/serve.js';

@JsonController('/things')
class ThingController {
  @Tracked()
  @Get('/tracked')
  tracked() {
    return {};
  }

  @Untracked()
  @Get('/untracked')
  untracked() {
    return {};
  }

  @Get('/plain')
  plain() {
    return {};
  }

  @Post('/posted')
  posted() {
    return {};
  }

  @Get('/nothing')
  nothing() {
    return undefined;
  }
}

type Row = [defaultPolicy: DefaultPolicy, trackUnmatched: boolean, tracked: string[]];

const REQUESTS: [what: string, method: string, url: string, status: number][] = [
  ['tracked', 'GET', '/things/tracked', 200],
  ['untracked', 'GET', '/things/untracked', 200],
  ['undecorated', 'GET', '/things/plain', 200],
  ['undefined', 'GET', '/things/nothing', 404],
  ['404', 'GET', '/nowhere', 404],
  ['405', 'DELETE', '/things/posted', 405],
  ['501', 'PROPFIND', '/things/posted', 501],
  ['OPTIONS', 'OPTIONS', '/things/posted', 200],
  ['static', 'GET', '/static.txt', 200],
  ['unreadable', 'POST', '/things/posted', 400],
];

const TABLE: Row[] = [
  ['exclude', false, ['tracked']],
  ['include', false, ['tracked', 'undecorated', 'undefined']],
  [
    'include',
    true,
    ['tracked', 'undecorated', 'undefined', '404', '405', '501', 'OPTIONS', 'static', 'unreadable'],
  ],
];

function start(defaultPolicy: DefaultPolicy, trackUnmatched = false): Promise<Served> {
  return serve({
    controllers: [ThingController],
    tracker: { defaultPolicy, trackUnmatched },
    between: [
      (context, next) => {
        if (context.path !== '/static.txt') return next();
        context.body = 'static';
        return undefined;
      },
    ],
  });
}

function initOf(method: string): RequestInit {
  if (method !== 'POST') return { method };
  return { method, body: '{"broken', headers: { 'content-type': 'application/json' } };
}

describe('the default policy', () => {
  let served: Served;
  afterEach(() => served.close());

  for (const [defaultPolicy, trackUnmatched, expected] of TABLE) {
    it(`'${defaultPolicy}', trackUnmatched ${trackUnmatched}: tracks ${expected.join(', ')}`, async () => {
      served = await start(defaultPolicy, trackUnmatched);
      const tracked: string[] = [];
      for (const [what, method, url, status] of REQUESTS) {
        const answer = await ask(served, url, initOf(method));
        expect([what, answer.status]).to.deep.equal([what, status]);
        expect(answer.records.length, what).to.be.lessThan(2);
        if (answer.records.length > 0) tracked.push(what);
      }
      expect(tracked).to.deep.equal(expected);
    });
  }

  it('books what no action answers without a route, with the status that went out', async () => {
    served = await start('include', true);
    for (const [what, method, url, status] of REQUESTS.slice(4)) {
      const { record } = await askRecord(served, url, initOf(method));
      expect(record, what).to.include({ method, status, route: null, controller: null, action: null });
      expect(record.params, what).to.equal(null);
    }
  });

  it('tells an action that returns undefined from a path that nobody serves', async () => {
    served = await start('include', true);
    const nothing = await askRecord(served, '/things/nothing');
    expect(nothing.status).to.equal(404);
    expect(nothing.record).to.include({
      status: 404,
      route: '/things/nothing',
      controller: 'ThingController',
      action: 'nothing',
      errorType: 'NotFoundError',
    });
    const unmatched = await askRecord(served, '/things/nowhere');
    expect(unmatched.status).to.equal(404);
    expect(unmatched.record).to.include({ status: 404, route: null, action: null, errorType: null });
  });

  it('attributes nothing to an action of another method', async () => {
    served = await start('include', true);
    const { status, record } = await askRecord(served, '/things/tracked', { method: 'POST' });
    expect(status).to.equal(405);
    expect(record).to.include({ status: 405, route: null, controller: null });
  });
});
