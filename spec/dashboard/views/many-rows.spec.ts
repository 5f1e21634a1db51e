import { expect } from 'chai';
import { sheetOf } from '../../../src/report/rendering/sheets.js';
import { UsageReports } from '../../../src/report/usage-reports.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import type { TrafficRow } from '../../../src/report/report.js';
import { Address } from '../../../src/dashboard/address.js';
import { overviewView } from '../../../src/dashboard/views/overview.js';
import { barChart } from '../../../src/dashboard/parts/charts.js';
import { sheetTable } from '../../../src/dashboard/parts/sheet-table.js';
import { trafficChart } from '../../../src/dashboard/parts/traffic-chart.js';
import { tablesIn, textsOfClass } from '../../support/dashboard-tables.js';
import { type ServedDashboard, serveDashboard } from '../../support/dashboards.js';
import { send } from '../../support/http-client.js';
import { type ParsedElement, elementsIn, parseHtml } from '../../support/parsed-html.js';
import { NOW, call } from '../../support/reports.js';

const CALLERS = 150;
const ENDPOINTS = 100;
const MOST_BARS = 400;
/** The size of a page that loads at once, in bytes. */
const MOST_BYTES = 100_000;

describe('A page of very much', () => {
  let served: ServedDashboard;
  const storage = new MemoryStorage();
  const reports = new UsageReports(storage, { now: () => NOW.getTime() });
  const routeOf = (index: number): string => `/api/v1/organizations/:organizationId/things-${index}/:thingId`;

  before(async () => {
    await storage.store([
      ...Array.from({ length: CALLERS }, (_, index) =>
        call(1 + (index % 60), {
          route: routeOf(0),
          path: `/x/${index}`,
          username: `caller-${index}@example.com`,
        }),
      ),
      ...Array.from({ length: ENDPOINTS }, (_, index) =>
        call(1, { route: routeOf(index), path: `/y/${index}`, status: index % 3 === 0 ? 500 : 200 }),
      ),
    ]);
    served = await serveDashboard({ reports, authorize: () => true });
  });

  after(() => served.close());

  const get = async (query: string): Promise<string> => {
    const { status, text } = await send(`${served.origin}/?${query}`);
    expect(status, query).to.equal(200);
    return text;
  };

  const page = async (query: string): Promise<ParsedElement> => parseHtml(await get(query));

  it('adds up the bars of neighbours where there are too many', async () => {
    const whole = await page('view=traffic&period=hour&days=90');
    const [chart] = elementsIn(whole, 'svg');
    expect(chart?.attributes['aria-label']).to.equal('Calls by 6 hours; the table has the figures');
    const titles = elementsIn(chart as ParsedElement, 'title').map(({ text }) => text);
    expect(titles.length).to.be.within(MOST_BARS / 2, MOST_BARS);
    const calls = titles.map((title) => Number(/(\d+) calls?,/.exec(title)?.[1]));
    expect(calls.reduce((sum, count) => sum + count)).to.equal(CALLERS + ENDPOINTS);
    expect(Object.values(tablesIn(whole))[0]?.rows).to.have.lengthOf(100);
  });

  it('draws every hour of ten years without as many arguments of a function', async () => {
    const report = await reports.traffic({ days: 2 });
    const row = report.traffic.at(-1) as TrafficRow;
    const traffic = Array.from({ length: 87_840 }, () => ({ ...row, calls: 1 }));
    const chart = await trafficChart({ ...report, traffic });
    expect(chart?.text.match(/<title>/g)).to.have.lengthOf.at.most(MOST_BARS);
  });

  it('tells where a table is cut, and leads to all rows', async () => {
    const query = new URLSearchParams({ view: 'endpoint', method: 'GET', route: routeOf(0) });
    const whole = await page(String(query));
    expect(tablesIn(whole)['Callers']?.rows).to.have.lengthOf(100);
    expect(textsOfClass(whole, 'more')[0]).to.equal(`100 of ${CALLERS + 1}`);
    const link = elementsIn(whole, 'a').find(({ text }) => text === 'All of them');
    expect((await page(String(link?.attributes['href']).slice(1))).text).to.include(
      `1 to 100 of ${CALLERS + 1}`,
    );
  });

  it('tells that there are more callers than are kept apart', async () => {
    const capped = new UsageReports(storage, { now: () => NOW.getTime() });
    const callers = await capped.callers();
    capped.callers = async () => ({ ...callers, isCapped: true });
    const { make } = overviewView;
    const { body } = await make({ reports: capped, address: new Address('') });
    expect(body.text).to.include(`at least ${CALLERS + 1}`);
  });

  it('begins with the newest day', async () => {
    const rows = Object.values(tablesIn(await page('view=traffic&period=day&days=365')))[0]?.rows ?? [];
    expect(rows).to.have.lengthOf(100);
    expect(rows[0]?.[0]).to.equal('2026-06-30');
  });

  /** How often others ran while something was made. */
  async function turnsWhile(make: () => Promise<unknown>): Promise<number> {
    let turns = 0;
    const count = setInterval(() => (turns += 1), 0);
    await make();
    clearInterval(count);
    return turns;
  }

  /** A figure that takes longer than a turn may. */
  function slow(): number {
    for (const endMs = performance.now() + 1; performance.now() < endMs;);
    return 1;
  }

  it('leaves the event loop to others while it makes the rows of a table', async () => {
    const sheet = sheetOf(await reports.callers());
    const columns = [{ title: 'Slow', name: 'slow', kind: 'count', value: slow }] as const;
    const make = () => sheetTable({ ...sheet, columns }, new Address(''), { caption: 'Slow' });
    expect(await turnsWhile(make)).to.be.above(0);
  });

  it('leaves the event loop to others while it draws the bars of a chart', async () => {
    const bar = {
      label: '',
      title: '',
      value: 1,
      get stressed() {
        return slow();
      },
    };
    expect(
      await turnsWhile(() =>
        barChart(
          'Slow',
          Array.from({ length: 30 }, () => bar),
        ),
      ),
    ).to.be.above(0);
  });

  it('has a hundred kilobytes at most', async () => {
    const one = String(new URLSearchParams({ view: 'endpoint', method: 'GET', route: routeOf(0) }));
    for (const query of ['view=overview', 'view=endpoints', one])
      expect(Buffer.byteLength(await get(query)), query).to.be.at.most(MOST_BYTES);
  });
});
