import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import { usageDashboard } from '../../src/dashboard/index.js';
import {
  FIGURES,
  type ServedDashboard,
  expectDenied,
  fewReports,
  serveDashboard,
  serveHearing,
} from '../support/dashboards.js';
import { type WireAnswer, send } from '../support/http-client.js';
import { warningsOf } from '../support/warnings.js';

type Authorize = NonNullable<Parameters<typeof usageDashboard>[0]>['authorize'];

describe('A request for the dashboard that is denied', () => {
  let served: ServedDashboard;

  afterEach(() => served.close());

  const start = async (
    options: Omit<NonNullable<Parameters<typeof usageDashboard>[0]>, 'reports'>,
    ...before: Middleware[]
  ): Promise<void> => {
    served = await serveDashboard({ ...options, reports: await fewReports() }, ...before);
  };

  const get = (): Promise<WireAnswer> => send(`${served.origin}/?view=endpoints&format=json`);

  const denying = (act: (ctx: Context) => void): Promise<void> =>
    start({
      authorize: (ctx) => {
        act(ctx);
        return false;
      },
    });

  it('has the status 401 that authorize has set', async () => {
    await denying((ctx) => {
      ctx.status = 401;
      ctx.set('WWW-Authenticate', 'Bearer');
    });
    const answer = await get();
    expectDenied(answer, 401);
    expect(answer.headers).to.include({ 'www-authenticate': 'Bearer' });
  });

  it('leads to where authorize leads', async () => {
    await denying((ctx) => ctx.redirect('/login'));
    const answer = await get();
    expectDenied(answer, 302);
    expect(answer.headers).to.include({ location: '/login' });
    expect(answer.text).to.equal('You may not see this page.');
  });

  for (const [what, authorize] of [
    ['without authorize', undefined],
    ['where authorize says false', () => false],
    ['where authorize throws', () => Promise.reject(new Error('no session'))],
  ] as readonly [string, Authorize][]) {
    it(`has no status of a middleware that ran before, ${what}`, async () => {
      for (const act of [
        (ctx) => ctx.redirect('https://elsewhere.example'),
        (ctx) => (ctx.status = 401),
        (ctx) => (ctx.body = { of: FIGURES }),
      ] as readonly ((ctx: Context) => void)[]) {
        await start(authorize === undefined ? {} : { authorize }, (ctx, next) => {
          act(ctx);
          return next();
        });
        const answer = await get();
        expectDenied(answer);
        expect(answer.headers).to.not.have.property('location');
        await served.close();
      }
    });
  }

  it('is answered where the application throws as it is told why', async () => {
    served = await serveHearing((app) => {
      app.on('error', () => {
        throw new Error('The log is full.');
      });
      app.use(usageDashboard({ authorize: () => Promise.reject(new Error('no session')) }));
    });
    const warnings = await warningsOf(async () => expectDenied(await get()));
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.match(/^usageDashboard: a listener .* threw Error: The log is full\./);
  });

  it('has the headers of security before authorize is asked, as Koa may answer then', async () => {
    let policy = '';
    await start({
      authorize: (ctx) => {
        policy = ctx.response.get('Content-Security-Policy');
        return false;
      },
    });
    await get();
    expect(policy).to.include("default-src 'none'");
  });

  for (const [what, act] of [
    ['the status 200', (ctx) => (ctx.status = 200)],
    ['the status 500', (ctx) => (ctx.status = 500)],
    ['the status 302 and no place to go to', (ctx) => (ctx.status = 302)],
    ['a body', (ctx) => (ctx.body = { of: FIGURES })],
    [
      'headers of its own',
      (ctx) => {
        ctx.set({ 'Cache-Control': 'public, max-age=60', 'Content-Security-Policy': 'default-src *' });
        ctx.set('X-Content-Type-Options', 'none');
        ctx.type = 'text/html';
      },
    ],
  ] as readonly [string, (ctx: Context) => void][]) {
    it(`has the status 403 where authorize sets ${what}`, async () => {
      await denying(act);
      const answer = await get();
      expectDenied(answer);
      expect(answer.text).to.equal('You may not see this page.');
    });
  }
});
