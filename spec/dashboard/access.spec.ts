import { expect } from 'chai';
import { usageDashboard } from '../../src/dashboard/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import {
  FIGURES,
  type ServedDashboard,
  expectDenied,
  fewReports,
  serveDashboard,
  serveHearing,
} from '../support/dashboards.js';
import { type WireAnswer, send } from '../support/http-client.js';
import { until } from '../support/until.js';

type Authorize = NonNullable<Parameters<typeof usageDashboard>[0]>['authorize'];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

const TARGETS = [
  '/',
  '/?view=endpoints',
  '/?view=endpoints&format=json',
  '/?view=records&format=csv',
  '/?view=nowhere',
  '/?asset=style.css',
  '/?asset=nothing',
];

/** A function that says anything else than its type allows. */
const says = (answer: unknown): Authorize => (() => answer) as never;

/** What `await` takes for a promise. */
// oxlint-disable-next-line unicorn/no-thenable
const thenable = (then: PropertyDescriptor): object => Object.defineProperty({}, 'then', then);

/** What is not `true`, though much of it counts as true elsewhere. */
const LIES: readonly (readonly [what: string, authorize: Authorize])[] = [
  ['undefined', says(undefined)],
  ["'yes'", says('yes')],
  ["'true'", says('true')],
  ['1', says(1)],
  ['an object', says({})],
  ['a list that holds true', says([true])],
  ['true in an object of its own', says(Object(true))],
  ['a function that says true', says(() => true)],
  ["a promise of 'yes'", says(Promise.resolve('yes'))],
  ['a promise of a function that says true', says(Promise.resolve(() => true))],
  ['a thenable of 1', says(thenable({ value: (resolve: (value: unknown) => void) => resolve(1) }))],
];

/** What fails, and the cause that the application is told. */
const FAILURES: readonly (readonly [what: string, authorize: Authorize, cause: unknown])[] = [
  [
    'throws',
    () => {
      throw new Error('no session');
    },
    'no session',
  ],
  ['throws an error for Koa', (ctx) => ctx.throw(404, 'no session'), 'no session'],
  [
    'throws a text',
    () => {
      throw 'no session';
    },
    'no session',
  ],
  ['rejects', () => Promise.reject(new Error('no session')), 'no session'],
  ['rejects with nothing', () => Promise.reject(undefined), 'undefined'],
  [
    'returns what cannot be awaited',
    says(
      thenable({
        get: () => {
          throw new Error('no session');
        },
      }),
    ),
    'no session',
  ],
];

describe('Who may see the dashboard', () => {
  let served: ServedDashboard;

  afterEach(() => served.close());

  const start = async (
    options: Omit<NonNullable<Parameters<typeof usageDashboard>[0]>, 'reports'>,
  ): Promise<void> => {
    served = await serveDashboard({ ...options, reports: await fewReports() });
  };

  const get = (target = '/?view=endpoints&format=json'): Promise<WireAnswer> => send(served.origin + target);

  for (const environment of [undefined, 'development', 'test', 'production']) {
    it(`is nobody without authorize, with NODE_ENV ${environment}`, async () => {
      const before = process.env['NODE_ENV'];
      try {
        if (environment === undefined) delete process.env['NODE_ENV'];
        else process.env['NODE_ENV'] = environment;
        await start({});
        for (const method of METHODS)
          for (const target of TARGETS) {
            const answer = await send(served.origin + target, {}, method);
            expectDenied(answer);
            expect(answer.text).to.equal(
              method === 'HEAD'
                ? ''
                : 'usageDashboard refuses everybody until its option authorize is given, such as usageDashboard({ authorize: (ctx) => ctx.state.user?.admin === true }).',
            );
          }
        expect(served.errors).to.deep.equal([]);
      } finally {
        if (before === undefined) delete process.env['NODE_ENV'];
        else process.env['NODE_ENV'] = before;
      }
    });
  }

  it('is nobody to whom authorize says false, for every method and target', async () => {
    await start({ authorize: () => false });
    for (const method of METHODS)
      for (const target of TARGETS) {
        const answer = await send(served.origin + target, {}, method);
        expectDenied(answer);
        expect(answer.text).to.equal(method === 'HEAD' ? '' : 'You may not see this page.');
      }
  });

  it('is everybody to whom authorize says true, now or later, and nobody else', async () => {
    const asked: string[] = [];
    await start({
      authorize: (ctx) => {
        asked.push(ctx.querystring);
        const isAda = ctx.get('X-User') === 'ada';
        return ctx.get('X-Later') === '' ? isAda : new Promise((resolve) => setImmediate(resolve, isAda));
      },
    });
    for (const later of ['', '1'])
      for (const [user, status] of [
        ['ada', 200],
        ['eve', 403],
      ] as const) {
        const headers = { 'X-User': user, 'X-Later': later };
        expect((await send(`${served.origin}/?asset=style.css`, headers)).status).to.equal(status);
      }
    expect(asked).to.deep.equal(Array(4).fill('asset=style.css'));
  });

  for (const [what, authorize] of LIES) {
    it(`is nobody for whom authorize returns ${what}, and the application is told of what may be meant as true`, async () => {
      await start({ authorize });
      expectDenied(await get());
      expect(served.errors).to.have.lengthOf(what === 'undefined' ? 0 : 1);
    });
  }

  for (const [what, authorize, cause] of FAILURES) {
    it(`is nobody where authorize ${what}, and the application is told why`, async () => {
      await start({ authorize });
      const answer = await get();
      expectDenied(answer);
      expect(answer.text).to.equal('You may not see this page.');
      expect(served.errors).to.have.lengthOf(1);
      const [error] = served.errors;
      expect(error?.message)
        .to.match(/^usageDashboard: authorize failed, so the request is denied\. /)
        .and.include(cause);
      expect(error).to.have.property('cause');
    });
  }

  it('is nobody for whom authorize says true after five seconds', async () => {
    const clock = new ManualClock();
    const late: (() => void)[] = [];
    await start({
      clock,
      authorize: (ctx) =>
        new Promise((resolve) => {
          late.push(() => {
            ctx.body = FIGURES;
            resolve(true);
          });
        }),
    });
    let answered = false;
    const asked = get().finally(() => (answered = true));
    await until(() => late.length === 1, 'authorize is asked');
    await clock.advance(4999);
    expect(answered).to.equal(false);
    await clock.advance(1);
    const answer = await asked;
    expectDenied(answer);
    expect(served.errors).to.have.lengthOf(1);
    expect(served.errors[0]?.message).to.include('It took longer than 5 seconds.');
    for (const resolve of late) resolve();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('leaves no timer behind where authorize answers in time', async () => {
    const clock = new ManualClock();
    await start({ clock, authorize: () => true });
    expect((await get('/?asset=icon.svg')).status).to.equal(200);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('is asked before the path, the method and the file are looked at', async () => {
    const reports = await fewReports();
    served = await serveHearing((app) => app.use(usageDashboard({ reports, authorize: () => false })));
    for (const target of ['/wp-admin', '/?view=endpoint&method=GET&route=/secret', '/?asset=style.css'])
      expectDenied(await send(served.origin + target, { 'If-None-Match': '*' }));
  });
});
