import { expect } from 'chai';
import { UsageReports } from '../../../src/report/usage-reports.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { type JsonRow, cellsOf } from '../../support/dashboard-cells.js';
import { type PageTable, tablesIn, textsOfClass } from '../../support/dashboard-tables.js';
import { fillWorld } from '../../support/dashboard-world.js';
import { type ServedDashboard, serveDashboard } from '../../support/dashboards.js';
import { send } from '../../support/http-client.js';
import { type ParsedElement, elementsIn, parseHtml } from '../../support/parsed-html.js';
import { NOW, call } from '../../support/reports.js';

/** Rows of a list on the overview. */
const LIST_ROWS = 5;

describe('A page of the dashboard', () => {
  let served: ServedDashboard;

  const start = async (storage: MemoryStorage): Promise<void> => {
    const reports = new UsageReports(storage, { now: () => NOW.getTime() });
    served = await serveDashboard({ reports, authorize: () => true });
  };

  after(() => served.close());

  const get = async (query: string, expected = 200): Promise<ParsedElement> => {
    const { status, text } = await send(`${served.origin}/?${query}`);
    expect(status, query).to.equal(expected);
    return parseHtml(text);
  };

  /** The report behind a page, as programs get it. */
  const figures = async <Report = Readonly<Record<string, JsonRow[]>>>(query: string): Promise<Report> => {
    const { status, text } = await send(`${served.origin}/?${query}&format=json`);
    expect(status, query).to.equal(200);
    return JSON.parse(text) as Report;
  };

  const headsOf = (page: ParsedElement): readonly ParsedElement[] =>
    elementsIn(elementsIn(page, 'thead')[0] as ParsedElement, 'th');

  const expectRows = (table: PageTable | undefined, rows: readonly JsonRow[]): void => {
    expect(rows).not.to.deep.equal([]);
    expect(table?.rows).to.deep.equal(rows.map((row) => cellsOf(table?.titles ?? [], row, NOW.toJSON())));
  };

  describe('of several reports', () => {
    before(async () => {
      const storage = new MemoryStorage();
      await fillWorld(storage, 'nothing');
      await start(storage);
    });

    interface Totals {
      readonly watchedDays: number;
      readonly watchedDaysBefore: number;
      readonly total: Record<'calls' | 'bots' | 'before' | 'clientErrors' | 'serverErrors' | 'p95Ms', number>;
      readonly totalBefore: Record<'calls' | 'bots' | 'clientErrors' | 'serverErrors' | 'p95Ms', number>;
    }

    for (const span of ['', '&days=30', '&days=30&people=1', '&service=shop&days=20'])
      it(`tells what matters most, each beside the span before: overview${span}`, async () => {
        const page = await get(`view=overview${span}`);
        const told = await figures<Totals>(`view=traffic${span}`);
        const { total, totalBefore, watchedDaysBefore } = told;
        const { callers, callersBefore } = await figures<{ callers: JsonRow[]; callersBefore: number }>(
          `view=callers${span}`,
        );
        const count = (value: number): string => Math.round(value).toLocaleString('en-US');
        const percent = (value: number): string => `${Number((value * 100).toPrecision(2))} %`;
        const rate = (one: Totals['totalBefore']): string =>
          // Errors are told of all, and calls of people may be alone.
          percent(
            (one.clientErrors + one.serverErrors) / (one.calls + (span.includes('people') ? one.bots : 0)),
          );
        const named = callers.filter(({ username, isOther }) => username !== null && isOther !== true);
        expect(textsOfClass(page, 'value')).to.deep.equal([
          count(total.calls),
          rate(total),
          `${count(total.p95Ms)} ms`,
          count(named.length),
        ]);
        const change = Math.round(((total.calls - total.before) / total.before) * 100);
        const isComparable = watchedDaysBefore >= told.watchedDays * 0.9;
        expect(isComparable).to.equal(span !== '');
        const cards = elementsIn(page, 'dl').flatMap((list) => textsOfClass(list, 'faint'));
        expect(cards).to.deep.equal([
          `${count(total.before)} in the span before` +
            (isComparable
              ? ` (${change > 0 ? '+' : ''}${change} %)`
              : `, watched on ${watchedDaysBefore} days`),
          `${rate(totalBefore)} in the span before`,
          `${count(totalBefore.p95Ms)} ms in the span before`,
          `${callersBefore} in the span before`,
        ]);
      });

    it('lists what stands out, and what is to be decided', async () => {
      const page = await get('view=overview');
      const tables = tablesIn(page);
      const { endpoints = [] } = await figures('view=endpoints');
      const { errors = [] } = await figures('view=errors');
      const { callers = [] } = await figures('view=callers');
      const top = (name: string): JsonRow[] =>
        endpoints
          .filter((row) => Number(row[name]) > 0)
          .toSorted((one, other) => Number(other[name]) - Number(one[name]))
          .slice(0, LIST_ROWS);
      expectRows(tables['Busiest'], top('calls'));
      expectRows(tables['Slowest'], top('p95Ms'));
      expectRows(tables['Most errors'], errors.slice(0, LIST_ROWS));
      expectRows(tables['Callers'], callers.slice(0, LIST_ROWS));
      const decisions = elementsIn(page, 'ul').find(({ attributes }) => attributes['class'] === 'decisions');
      for (const link of elementsIn(decisions as ParsedElement, 'a')) {
        const rows = tablesIn(await get(String(link.attributes['href']).slice(1)))['Endpoints']?.rows;
        expect(link.text.startsWith(`${rows?.length} `), link.text).to.equal(true);
      }
    });

    it('tells all of one endpoint: calls over time, callers and records', async () => {
      const own = 'service=shop&method=GET&route=/orders/:id';
      const page = await get(`view=endpoint&${own}`);
      const { endpoints = [] } = await figures('view=endpoints&service=shop');
      const { traffic = [] } = await figures(`view=traffic&${own}`);
      const { callers = [] } = await figures(`view=callers&${own}`);
      const { records = [] } = await figures(`view=records&${own}`);
      const tables = tablesIn(page);
      expectRows(tables['Calls over time'], traffic);
      expectRows(tables['Callers'], callers);
      expectRows(tables['Last records'], records.slice(0, 20));
      expect(textsOfClass(page, 'more')).to.deep.equal(['All of them', 'All of them']);
      const row = endpoints.find(({ method, route }) => method === 'GET' && route === '/orders/:id');
      const facts = elementsIn(page, 'dd').map(({ text }) => text);
      expect(facts[0]).to.equal(`${String(row?.['verdict'])}: ${String(row?.['reason'])}`);
      const count = (name: string): string => cellsOf(['calls'], { calls: row?.[name] }, '')[0] ?? '';
      expect(facts[2]).to.equal(
        `${count('calls')}, of which ${count('clientErrors')} with a status of 4xx, ` +
          `${count('serverErrors')} of 5xx, ${count('bots')} by crawlers`,
      );
      expect(traffic.reduce((sum, { calls }) => sum + Number(calls), 0)).to.equal(row?.['calls']);
    });

    it('tells all of one caller: calls over time, endpoints and records', async () => {
      const tables = tablesIn(await get('view=caller&username=ada'));
      expectRows(tables['Calls over time'], (await figures('view=traffic&username=ada'))['traffic'] ?? []);
      expectRows(tables['Endpoints'], (await figures('view=caller&username=ada'))['endpoints'] ?? []);
      const { records = [] } = await figures('view=records&username=ada');
      expectRows(tables['Last records'], records.slice(0, 20));
    });

    it('tells no change since days that were hardly watched', async () => {
      for (const view of ['endpoints', 'callers']) {
        const titles = async (days: number): Promise<string[]> =>
          headsOf(await get(`view=${view}&days=${days}`)).map(({ text }) => text);
        expect(await titles(30)).to.include('±%');
        expect(await titles(90)).not.to.include('±%');
      }
    });

    for (const [view, rowsName] of [
      ['endpoints', 'endpoints'],
      ['callers', 'callers'],
      ['errors', 'errors'],
    ] as const)
      it(`sorts ${view} by each column, both ways, with nothing last and equals as they were`, async () => {
        const report = await figures(`view=${view}&days=30`);
        const heads = headsOf(await get(`view=${view}&days=30`));
        const valueOf = (row: JsonRow, name: string): unknown => {
          if (name === 'endpoint') return `${String(row['method']).padEnd(4)} ${String(row['route'])}`;
          const [calls, before] = [Number(row['calls']), Number(row['before'])];
          if (name === 'change') return before === 0 ? null : (calls - before) / before;
          return row[name];
        };
        for (const head of heads) {
          const [link] = elementsIn(head, 'a');
          const query = new URLSearchParams(String(link?.attributes['href']));
          const name = String(query.get('sort'));
          for (const order of ['up', 'down']) {
            query.set('order', order);
            const page = await get(String(query));
            const sign = order === 'up' ? 1 : -1;
            const expected = (report[rowsName] ?? []).toSorted((one, other) => {
              const [a, b] = [valueOf(one, name), valueOf(other, name)];
              if (a === null || b === null) return Number(a === null) - Number(b === null);
              return (a as number) < (b as number) ? -sign : (a as number) > (b as number) ? sign : 0;
            });
            expectRows(Object.values(tablesIn(page))[0], expected);
            const marked = headsOf(page).filter(({ attributes }) => 'aria-sort' in attributes);
            expect(marked.map(({ text }) => text)).to.deep.equal([head.text]);
          }
        }
      });

    it('offers all services, also where one is chosen', async () => {
      const page = await get('view=gone&service=shop');
      const list = elementsIn(page, 'select').find(({ attributes }) => attributes['name'] === 'service');
      expect(elementsIn(list as ParsedElement, 'option').map(({ text }) => text)).to.deep.equal([
        'all',
        'mail',
        'shop',
      ]);
    });
  });

  describe('with many rows', () => {
    const ENDPOINTS = 250;

    before(async () => {
      const storage = new MemoryStorage();
      const routes = Array.from(
        { length: ENDPOINTS },
        (_, index) => `/things/${String(index).padStart(3, '0')}`,
      );
      await storage.store(
        routes.map((route, index) =>
          call(1, {
            route,
            path: route,
            username: index % 3 === 0 ? ' a b ' : 'ada',
            status: index % 50 === 0 ? 503 : 200,
          }),
        ),
      );
      await start(storage);
    });

    const pageAt = async (
      query: string,
    ): Promise<{ rows: readonly (readonly string[])[]; pager: string; next: string | null }> => {
      const page = await get(query);
      const next = elementsIn(page, 'a').find(({ attributes }) => attributes['rel'] === 'next');
      return {
        rows: Object.values(tablesIn(page))[0]?.rows ?? [],
        pager: (textsOfClass(page, 'pager')[0] ?? '').trim(),
        next: next?.attributes['href']?.slice(1) ?? null,
      };
    };

    it('shows a hundred at a time, from the first to the last', async () => {
      const seen: string[] = [];
      const pagers: string[] = [];
      let query: string | null = 'view=endpoints&sort=endpoint&order=up';
      while (query !== null) {
        const { rows, pager, next } = await pageAt(query);
        seen.push(...rows.map((row) => row[1] ?? ''));
        pagers.push(pager.replace(/ +(?:Previous|Next)/g, ''));
        query = next;
      }
      expect(pagers).to.deep.equal(['1 to 100 of 250', '101 to 200 of 250', '201 to 250 of 250']);
      expect(new Set(seen).size).to.equal(ENDPOINTS);
      expect(seen).to.deep.equal(seen.toSorted());
    });

    for (const skip of ['250', '9999', '-1', 'abc', '1.5', '1e400'])
      it(`begins at the beginning for skip=${skip}`, async () => {
        expect((await pageAt(`view=endpoints&skip=${skip}`)).pager).to.match(/^1 to 100 of 250/);
      });

    it('shows all records, by cursors', async () => {
      const seen: string[] = [];
      let query: string | null = 'view=records';
      while (query !== null) {
        const { rows, next } = await pageAt(query);
        seen.push(...rows.map((row) => row[1] ?? ''));
        query = next;
      }
      expect(seen).to.have.lengthOf(ENDPOINTS);
      expect(new Set(seen).size).to.equal(ENDPOINTS);
    });

    it('shows records that pass the filters, which the form keeps', async () => {
      expect((await pageAt('view=records&status=5xx')).rows).to.have.lengthOf(5);
      const query = 'view=records&username=%20a%20b%20&status=200,503&method=GET';
      const page = await get(query);
      const { records = [] } = await figures(query);
      expectRows(
        tablesIn(page)['Records'],
        records.map((row) => ({ ...row, username: '" a b "' })),
      );
      expect(records[0]).to.include({ username: ' a b ' });
      const values = elementsIn(page, 'input').map(({ attributes }) => [
        attributes['name'],
        attributes['value'],
      ]);
      expect(values).to.deep.include.members([
        ['username', ' a b '],
        ['status', '200,503'],
        ['method', 'GET'],
      ]);
    });
  });
});
