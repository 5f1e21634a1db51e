import { expect } from 'chai';
import type { ReportSource } from '../../src/report/report-source.js';
import { renderTable } from '../../src/report/rendering/table.js';
import { trafficReport } from '../../src/report/traffic.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { TrafficOptions } from '../../src/report/report-options.js';
import {
  BASKET,
  BEFORE,
  MAIL,
  ORDERS,
  SPAN,
  callsBefore,
  count,
  expectFigures,
  inFoldedFile,
  inMemory,
  pick,
} from '../support/report-world.js';

const DAY_MS = 86_400_000;

for (const [title, open] of [
  ['records in memory', inMemory],
  ['summaries in a file of SQLite', inFoldedFile],
] as const) {
  describe(`The report of traffic, of ${title}`, () => {
    let source: ReportSource;
    let close: () => Promise<void>;

    before(async () => {
      ({ source, close } = await open());
    });

    after(() => close());

    it('tells how much was called in each period, and in the one as far into the span before', async () => {
      for (const [period, options, lengthMs] of [
        ['day', { days: 90 }, DAY_MS],
        ['hour', { days: 2 }, DAY_MS / 24],
      ] as const) {
        const { from, to, traffic, total, totalBefore, ...report } = await trafficReport(source, options);
        expect(report.period).to.equal(period);
        const earlierMs = options.days * DAY_MS;
        const earlier = (start: Date, end: Date): number =>
          count(pick({ from: new Date(Number(start) - earlierMs), to: new Date(Number(end) - earlierMs) }));
        expectFigures(total, pick({ from, to }), earlier(from, to));
        if (totalBefore === null) throw new Error('There is nothing before.');
        const span = { from: new Date(Number(from) - earlierMs), to: new Date(Number(to) - earlierMs) };
        expectFigures(totalBefore, pick(span), null);
        expect(traffic.length).to.equal(Math.ceil((Number(to) - Number(from)) / lengthMs));
        for (const { start, isWatched: _isWatched, ...row } of traffic) {
          const end = new Date(Math.min(start.getTime() + lengthMs, Number(to)));
          const own = pick({ from: start, to: end });
          expectFigures(row, own, earlier(start, end));
          expect(row.aborted).to.equal(count(own.filter(({ aborted }) => aborted)));
        }
      }
    });

    it('tells how much was called in months, beside days that lie as far back', async () => {
      const { traffic, period } = await trafficReport(source, { days: 90, period: 'month' });
      expect(period).to.equal('month');
      const months = traffic.map(({ start }) => start.toJSON().slice(0, 7));
      expect(months.join(' ')).to.equal('2026-04 2026-05 2026-06');
      expect(traffic.map(({ calls }) => calls).reduce((sum, calls) => sum + calls, 0)).to.equal(
        count(pick()),
      );
      const may = [new Date('2026-05-01T00:00:00Z'), new Date('2026-06-01T00:00:00Z')] as const;
      const [from, to] = may.map((date) => new Date(date.getTime() - 90 * DAY_MS)) as [Date, Date];
      expect(traffic[1]?.before).to.equal(count(pick({ from, to })));
    });

    for (const [whose, options, of] of [
      [
        'one endpoint with all of its methods',
        { endpoint: { method: 'GET', route: '/orders/:id', service: 'shop' } },
        ORDERS,
      ],
      [
        'one endpoint of a service',
        { endpoint: { method: 'GET', route: '/orders/:id' }, service: 'mail' },
        MAIL,
      ],
      ['one caller', { username: 'ada' }, ({ username }) => username === 'ada'],
      [
        'one caller of one endpoint',
        { endpoint: { method: 'PUT', route: '/basket' }, username: 'bob' },
        (record) => BASKET(record) && record.username === 'bob',
      ],
    ] as readonly (readonly [string, TrafficOptions, (record: UsageRecord) => boolean])[]) {
      it(`tells of ${whose} alone`, async () => {
        const { traffic, total, totalBefore, ...report } = await trafficReport(source, options);
        expect(report.calls).to.equal(count(pick({ of })));
        expect(report.username).to.equal(options.username ?? null);
        expect(report.endpoint?.route).to.equal(options.endpoint?.route);
        expectFigures(total, pick({ of }), callsBefore(of));
        if (totalBefore === null) throw new Error('There is nothing before.');
        expectFigures(totalBefore, pick({ ...BEFORE, of }), null);
        for (const { start, calls } of traffic) {
          const to = new Date(Math.min(start.getTime() + DAY_MS, Number(SPAN.to)));
          expect(calls).to.equal(count(pick({ from: start, to, of })));
        }
      });
    }

    it('knows of an endpoint that nobody called before, where its service was called', async () => {
      const beforeOf = async (route: string) =>
        (await trafficReport(source, { endpoint: { method: 'GET', route } })).total.before;
      expect(await beforeOf('/unused')).to.equal(0);
    });

    it('shows the figures of the span before above the table', async () => {
      const [, note = ''] = renderTable(await trafficReport(source)).split('\n');
      expect(note).to.match(/^[\d,]+ in the span before \([+-][\d,]+ %\), p95 [\d.]+ ms, before [\d.]+ ms$/);
    });

    it('knows nothing of a span before without requests', async () => {
      const { total, totalBefore } = await trafficReport(source, { days: 180 });
      expect([total.before, totalBefore]).to.deep.equal([null, null]);
    });
  });
}
