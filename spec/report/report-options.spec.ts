import { expect } from 'chai';
import { callersReport } from '../../src/report/callers.js';
import { endpointsReport } from '../../src/report/endpoints.js';
import { UsageReports } from '../../src/report/usage-reports.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught } from '../support/caught.js';
import { NOW, call, registerOf, registered, sourceOf } from '../support/reports.js';

/** Options that cannot be used, the report that they are given to, and what the error says. */
const REFUSED: readonly [report: keyof UsageReports, options: object, message: RegExp][] = [
  ['endpoints', { day: 3 }, /^endpoints: there is no option 'day'.*'minimumDays'/],
  ['endpoints', { days: 0 }, /^endpoints: the option 'days' is 0; expected an integer from 1 to 3660/],
  ['endpoints', { days: '90' }, /^endpoints: the option 'days' is '90'/],
  [
    'endpoints',
    { from: 'yesterday' },
    /^endpoints: 'from' is 'yesterday'; expected a valid Date, or ISO 8601/,
  ],
  ['endpoints', { to: '2026-02-31' }, /^endpoints: 'to' is '2026-02-31'/],
  ['endpoints', { to: new Date(Number.NaN) }, /^endpoints: 'to' is .*; expected a valid Date/],
  ['endpoints', { days: 3, from: '2026-01-01' }, /^endpoints: give 'days' or 'from', and not both/],
  ['endpoints', { from: '2026-07-01' }, /^endpoints: 'from' is .*; expected a moment before now/],
  [
    'endpoints',
    { from: '2026-06-02', to: '2026-06-01' },
    /^endpoints: 'from' is .*; expected a moment before 'to'/,
  ],
  ['endpoints', { from: '2016-06-22' }, /^endpoints: 'from' is .*; expected one of the 3660 days up to now/],
  [
    'endpoints',
    { from: '0001-01-01', to: '2026-06-01' },
    /^endpoints: 'from' is .*; expected one of the 3660 days up to 'to'/,
  ],
  ['endpoints', { people: 'yes' }, /^endpoints: the option 'people' is 'yes'; expected true or false/],
  ['endpoints', { service: '' }, /^endpoints: the option 'service' is ''/],
  ['endpoints', { minimumDays: -1 }, /^endpoints: the option 'minimumDays' is -1/],
  ['endpoints', { missingDays: 0.5 }, /^endpoints: the option 'missingDays' is 0.5/],
  [
    'endpoints',
    { lossTolerance: 2 },
    /^endpoints: the option 'lossTolerance' is 2; expected a number from 0 to 1/,
  ],
  ['callers', { minimumDays: 1 }, /^callers: there is no option 'minimumDays'/],
  ['callers', { endpoint: 'GET /' }, /^callers: the option 'endpoint' is 'GET \/'/],
  ['callers', { endpoint: { method: 'GET', route: '/', path: '/' } }, /^callers: the option 'endpoint'/],
  ['callers', { endpoint: { method: 'GET', route: '/', service: 5 } }, /^callers: the option 'endpoint'/],
  [
    'callers',
    { endpoint: { method: 'GET', route: '/users/:id' } },
    /^callers: .* may be of mail, shop; give 'service'/,
  ],
  ['traffic', { endpoint: 'GET /' }, /^traffic: the option 'endpoint' is 'GET \/'/],
  ['traffic', { username: '' }, /^traffic: the option 'username' is ''; expected text/],
  [
    'traffic',
    { endpoint: { method: 'GET', route: '/users/:id' } },
    /^traffic: .* may be of mail, shop; give 'service'/,
  ],
  ['caller', {}, /^caller: the option 'username' is undefined; expected text/],
  ['deprecations', { endpoint: null }, /^deprecations: there is no option 'endpoint'/],
  [
    'traffic',
    { period: 'week' },
    /^traffic: the option 'period' is 'week'; expected 'hour' or 'day' or 'month'/,
  ],
  ['errors', { lossTolerance: 0 }, /^errors: there is no option 'lossTolerance'/],
  ['gone', { minimumDays: 3 }, /^gone: there is no option 'minimumDays'/],
  ['removal', {}, /^removal: the option 'routes' is undefined; expected a list of objects/],
  ['removal', { routes: [{ method: 'GET' }] }, /^removal: the option 'routes' is/],
  ['status', { period: 'day' }, /^status: there is no option 'period'/],
];

describe('The options of reports', () => {
  for (const [report, options, message] of REFUSED) {
    it(`are refused where ${report} is given ${JSON.stringify(options)}`, async () => {
      const storage = new MemoryStorage();
      await storage.store([call(1, { serverName: 'shop' }), call(1, { serverName: 'mail' })]);
      const reports = new UsageReports(storage, { now: () => NOW.getTime() });
      const error = await caught((reports[report] as (given: object) => Promise<unknown>)(options));
      expect(error).to.include({ code: 'INVALID_QUERY' });
      expect(error.message).to.match(message);
    });
  }

  const report = async (options: object) =>
    endpointsReport(sourceOf(new MemoryStorage(), registerOf(registered())), options);

  it('give the span as days, the day of the end among them, or from the beginning of a day', async () => {
    const dates = async (options: object) => {
      const { from, to, days } = await report(options);
      return [from.toJSON().slice(0, 10), to.toJSON().slice(0, 16), days];
    };
    expect(await dates({})).to.deep.equal(['2026-04-02', '2026-06-30T12:00', 90]);
    expect(await dates({ days: 1 })).to.deep.equal(['2026-06-30', '2026-06-30T12:00', 1]);
    expect(await dates({ from: '2026-06-01T17:00:00Z' })).to.deep.equal([
      '2026-06-01',
      '2026-06-30T12:00',
      30,
    ]);
    expect((await dates({ from: '2016-06-23' }))[2]).to.equal(3660);
    expect(await dates({ days: 7, to: '2026-06-08' })).to.deep.equal(['2026-06-01', '2026-06-08T00:00', 7]);
    // Nothing of the future is known.
    expect(await dates({ days: 1, to: '2026-07-31' })).to.deep.equal(['2026-06-30', '2026-07-31T00:00', 1]);
  });

  it('name an endpoint by any method that it answers, of the only service that declares it', async () => {
    const register = registerOf(
      registered({ service: 'mail', route: '/other' }),
      registered({ service: 'shop', method: 'ALL', route: '/any' }),
      registered({ service: 'shop' }),
    );
    const asked = async (method: string, route: string, service?: string) => {
      const { endpoint } = await callersReport(sourceOf(new MemoryStorage(), register), {
        endpoint: { method, route, service },
      });
      return endpoint && [endpoint.service, endpoint.method];
    };
    expect(await asked('GET', '/any')).to.deep.equal(['shop', 'ALL']);
    expect(await asked('HEAD', '/users/:id')).to.deep.equal(['shop', 'GET']);
    expect(await asked('GET', '/any', 'mail')).to.deep.equal(['mail', 'GET']);
  });

  it('leave out requests beside the span', async () => {
    const storage = new MemoryStorage();
    await storage.store([call(1), call(10), call(29.5), call(100)]);
    const { calls, endpoints } = await endpointsReport(sourceOf(storage, null), {
      days: 5,
      to: '2026-06-22',
    });
    expect([calls, endpoints.length]).to.deep.equal([1, 1]);
    expect(endpoints[0]).to.deep.include({ before: null, lastCall: call(10).date });
  });

  it('name a service of which nothing is known', async () => {
    const { services, endpoints } = await report({ service: 'nobody' });
    expect([services, endpoints]).to.deep.equal([[], []]);
  });
});
