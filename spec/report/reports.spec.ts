import { expect } from 'chai';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { callerReport } from '../../src/report/caller.js';
import { callersReport } from '../../src/report/callers.js';
import { deprecationsReport } from '../../src/report/deprecations.js';
import { endpointsReport } from '../../src/report/endpoints.js';
import { errorsReport } from '../../src/report/errors.js';
import { goneReport } from '../../src/report/gone.js';
import { removalReport } from '../../src/report/removal.js';
import type { ReportSource } from '../../src/report/report-source.js';
import { statusReport } from '../../src/report/status.js';
import {
  BASKET,
  MAIL,
  OLD,
  ORDERS,
  RECORDS,
  SPAN,
  callsBefore,
  count,
  expectFigures,
  inFoldedFile,
  inMemory,
  isOf,
  lastOf,
  pick,
} from '../support/report-world.js';
import { NOW, daysAgo } from '../support/reports.js';

const DAY_MS = 86_400_000;

for (const [title, open] of [
  ['records in memory', inMemory],
  ['summaries in a file of SQLite', inFoldedFile],
] as const) {
  describe(`Reports of ${title}`, () => {
    let source: ReportSource;
    let close: () => Promise<void>;

    before(async () => {
      ({ source, close } = await open());
    });

    after(() => close());

    it('rest on the span, and on how it was watched', async () => {
      const { endpoints, ...basis } = await endpointsReport(source);
      expect(basis).to.deep.equal({
        ...SPAN,
        asOf: NOW,
        timeZone: 'UTC',
        services: ['mail', 'shop'],
        days: 90,
        watchedDays: 90,
        watchedDaysBefore: 90,
        calls: count(pick()),
        people: false,
        lost: 0,
        skipped: 0,
        sampled: false,
        callersSince: null,
      });
      expect(endpoints.map(({ method, route, verdict }) => `${verdict} ${method} ${route}`)).to.deep.equal([
        'unused GET /expired',
        'unused GET /unused',
        'deprecated ALL /basket',
        'gone-still-called GET /old',
        'used GET /orders/:id',
        'used GET /orders/:id',
      ]);
    });

    it('tell of endpoints what their records do', async () => {
      const { endpoints } = await endpointsReport(source);
      const find = (service: string, route: string) =>
        endpoints.filter((one) => one.service === service && one.route === route);
      for (const [service, route, of] of [
        ['shop', '/orders/:id', ORDERS],
        ['shop', '/basket', BASKET],
        ['shop', '/old', OLD],
        ['mail', '/orders/:id', MAIL],
      ] as const) {
        const [row, ...others] = find(service, route);
        if (row === undefined) throw new Error(`There is no row of ${route}.`);
        expect(others).to.deep.equal([]);
        expectFigures(row, pick({ of }), callsBefore(of));
        const names = pick({ of }).flatMap(({ username }) => (username === null ? [] : [username]));
        expect(row.callers).to.equal(new Set(names).size);
        const most = Object.entries(Object.groupBy(pick({ of }), ({ username }) => username ?? ''))
          .filter(([name]) => name !== '')
          .map(([, own = []]) => count(own));
        const top = count(pick({ of: (record) => of(record) && record.username === row.topCaller }));
        expect(top).to.equal(Math.max(...most));
      }
      const none = { calls: 0, before: 0, callers: 0, topCaller: null, p95Ms: null, lastCall: null };
      expect(find('shop', '/unused')[0]).to.deep.include(none);
    });

    it('tell of one service alone', async () => {
      const { endpoints, services, calls } = await endpointsReport(source, { service: 'mail' });
      expect(services).to.deep.equal(['mail']);
      expect(endpoints.length).to.equal(1);
      expect(calls).to.equal(count(pick({ of: ({ serverName }) => serverName === 'mail' })));
    });

    it('tell who calls', async () => {
      const { callers, callersBefore, endpoint, isCapped } = await callersReport(source);
      expect([endpoint, isCapped, callers.length, callersBefore]).to.deep.equal([null, false, 4, 3]);
      for (const row of callers) {
        const of = ({ username }: UsageRecord): boolean => username === row.username;
        expectFigures(row, pick({ of }), callsBefore(of));
        const called = pick({ of: (record) => of(record) && record.route !== null });
        const names = called.map(({ serverName, route }) => `${serverName} ${route}`);
        expect(row.endpoints).to.equal(new Set(names).size);
      }
      const calls = callers.map((row) => row.calls);
      expect(calls).to.deep.equal(calls.toSorted((one, other) => other - one));
    });

    it('tell who calls one service, and one endpoint with all of its methods', async () => {
      const ofShop = await callersReport(source, { service: 'shop' });
      const endpoint = { service: 'shop', method: 'GET', route: '/orders/:id' };
      const ofOrders = await callersReport(source, { endpoint });
      expect(ofOrders.endpoint).to.deep.equal(endpoint);
      expect(ofOrders.calls).to.equal(count(pick({ of: ORDERS })));
      for (const [rows, isMeant] of [
        [ofShop.callers, ({ serverName }: UsageRecord): boolean => serverName === 'shop'],
        [ofOrders.callers, ORDERS],
      ] as const) {
        expect(rows.length).to.equal(4);
        for (const row of rows) {
          const of = (record: UsageRecord): boolean => isMeant(record) && record.username === row.username;
          expectFigures(row, pick({ of }), callsBefore(of));
        }
      }
    });

    it('tell what one caller calls', async () => {
      const { username, endpoints, calls } = await callerReport(source, { username: 'ada' });
      expect(username).to.equal('ada');
      expect(calls).to.equal(count(pick({ of: (record) => record.username === 'ada' })));
      expect(endpoints.length).to.equal(4);
      for (const row of endpoints) {
        const isMeant = isOf(row.service, row.method === 'ALL' ? ['PUT'] : ['GET', 'HEAD'], row.route);
        const of = (record: UsageRecord): boolean => isMeant(record) && record.username === 'ada';
        expectFigures(row, pick({ of }), callsBefore(of));
      }
    });

    it('tell of what is deprecated who calls it, how often a week, and whether it can go', async () => {
      const { deprecations } = await deprecationsReport(source);
      const [expired, basket] = deprecations;
      expect(deprecations.length).to.equal(2);
      expect(expired).to.deep.include({
        route: '/expired',
        daysToSunset: -2,
        calls: 0,
        isReadyToRemove: true,
        reason: 'no call in 90 of 90 watched days, last call never; sunset 2 days ago',
      });
      expect(basket).to.deep.include({
        route: '/basket',
        daysToSunset: 31,
        calls: count(pick({ of: BASKET })),
        before: callsBefore(BASKET),
        isReadyToRemove: false,
        reason: 'sunset in 31 days, 3 callers',
        verdict: 'deprecated',
        lastCall: lastOf(pick({ of: BASKET })),
      });
      // Of 90 days, the first week has six.
      const week = (index: number): number => {
        const to = new Date('2026-07-01T00:00:00Z').getTime() - (12 - index) * 7 * DAY_MS;
        return count(
          pick({
            of: BASKET,
            from: new Date(Math.max(to - 7 * DAY_MS, Number(SPAN.from))),
            to: new Date(to),
          }),
        );
      };
      expect(basket?.weeks).to.deep.equal(Array.from({ length: 13 }, (_, index) => week(index)));
      const called = Map.groupBy(pick({ of: BASKET }), ({ username }) => username);
      expect(basket?.callers).to.have.deep.members(
        [...called].map(([username, own]) => ({ username, calls: count(own), lastCall: lastOf(own) })),
      );
    });

    it('tell what fails, and with which statuses', async () => {
      const { errors, statuses } = await errorsReport(source);
      for (const row of errors) {
        const methods = row.method === 'ALL' ? ['PUT'] : ['GET', 'HEAD'];
        const of = isOf(row.service, methods, row.route);
        expectFigures(row, pick({ of }), callsBefore(of));
        const failed = pick({ of: (record) => of(record) && (record.status ?? 0) >= 400 });
        expect(row.errorRate).to.equal(count(failed) / count(pick({ of })));
      }
      expect(errors.map(({ route }) => route)).to.include.members(['/orders/:id', '/basket', '/old']);
      for (const { status, calls } of statuses ?? [])
        expect(calls).to.equal(count(pick({ of: (record) => record.status === status })));
      expect(statuses?.length).to.equal(5);
      expect((await errorsReport(source, { service: 'shop' })).statuses).to.equal(null);
    });

    it('tell what is gone, and who asks for it since', async () => {
      const { gone } = await goneReport(source);
      const since = new Date(daysAgo(40).getTime() + 2 * 3_600_000);
      const asked = pick({ of: OLD, from: since });
      expect(gone.length).to.equal(1);
      expect(gone[0]).to.deep.include({
        service: 'shop',
        method: 'GET',
        route: '/old',
        lastDeclared: daysAgo(40),
        lastVersion: '1.4.0',
        calls: count(asked),
        callers: new Set(asked.flatMap(({ username }) => username ?? [])).size,
        lastCall: lastOf(asked),
      });
    });

    it('tell who would miss what a build removes or renames', async () => {
      const routes = [
        { method: 'GET', route: '/unused' },
        { method: 'ALL', route: '/expired' },
        { method: 'GET', route: '/orders/:order', controller: 'UserController', action: 'one' },
      ];
      const { removal } = await removalReport(source, { service: 'shop', routes });
      expect(
        removal.map(({ route, change, renamedTo, calls, verdict }) => ({
          route,
          change,
          renamedTo,
          calls,
          verdict,
        })),
      ).to.deep.equal([
        {
          route: '/orders/:id',
          change: 'renamed',
          renamedTo: '/orders/:order',
          calls: count(pick({ of: ORDERS })),
          verdict: 'used',
        },
        {
          route: '/basket',
          change: 'removed',
          renamedTo: null,
          calls: count(pick({ of: BASKET })),
          verdict: 'deprecated',
        },
      ]);
      const callers = removal.map((row) => row.callers?.reduce((sum, { calls }) => sum + calls, 0));
      expect(callers).to.deep.equal(removal.map(({ calls }) => calls));
    });

    it('tell how days were watched, and how far summaries reach', async () => {
      const { status, newestRecord, sealedUntil, foldedUntil } = await statusReport(source);
      expect(status.length).to.equal(180);
      expect(status.every(({ isWatched }) => isWatched)).to.equal(true);
      expect(status.at(-1)?.asOf).to.deep.equal(NOW);
      expect([newestRecord, sealedUntil]).to.deep.equal([lastOf(RECORDS), null]);
      if (open === inMemory) expect(foldedUntil).to.equal(null);
      else expect(Number(foldedUntil)).to.be.above(Number(lastOf(RECORDS)));
    });
  });
}
