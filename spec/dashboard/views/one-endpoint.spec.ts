import { expect } from 'chai';
import { UsageReports } from '../../../src/report/usage-reports.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { tablesIn, textsOfClass } from '../../support/dashboard-tables.js';
import { fillWorld } from '../../support/dashboard-world.js';
import { type ServedDashboard, serveDashboard } from '../../support/dashboards.js';
import { send } from '../../support/http-client.js';
import { type ParsedElement, elementsIn, parseHtml } from '../../support/parsed-html.js';
import { NOW, call } from '../../support/reports.js';

/** Calls of each endpoint of one route. */
const CALLS = { GET: 3, ALL: 5, HEAD: 2 };

describe('The page of an endpoint or a caller', () => {
  let served: ServedDashboard;

  afterEach(() => served.close());

  const start = async (storage: MemoryStorage): Promise<void> => {
    const reports = new UsageReports(storage, { now: () => NOW.getTime() });
    served = await serveDashboard({ reports, authorize: () => true });
  };

  const startOf = async (...records: ReturnType<typeof call>[]): Promise<void> => {
    const storage = new MemoryStorage();
    await storage.store(records);
    await start(storage);
  };

  const get = async (query: string): Promise<ParsedElement> => {
    const { status, text } = await send(`${served.origin}/?${query}`);
    expect(status, query).to.equal(200);
    return parseHtml(text);
  };

  const factsOf = (page: ParsedElement): readonly string[] => elementsIn(page, 'dd').map(({ text }) => text);

  it('is that of the method itself, before that for all methods or that of GET', async () => {
    await startOf(
      ...Object.entries(CALLS).flatMap(([method, count]) =>
        Array.from({ length: count }, () => call(1, { method, route: '/a' })),
      ),
    );
    for (const method of ['GET', 'ALL']) {
      const page = await get(`view=endpoint&method=${method}&route=/a`);
      expect(elementsIn(page, 'h1')[0]?.text).to.equal(`${method} /a`);
    }
    expect(elementsIn(await get('view=endpoint&method=HEAD&route=/a'), 'h1')[0]?.text).to.equal('GET /a');
  });

  for (const span of ['', '&days=7', '&from=2026-06-01&to=2026-06-15', '&days=30&people=1'])
    for (const about of ['view=endpoint&method=GET&route=/orders/:id&of=shop', 'view=caller&username=ada'])
      it(`shows the last records of its span, which are the first of their links: ${about}${span}`, async () => {
        const storage = new MemoryStorage();
        await fillWorld(storage, 'nothing');
        await start(storage);
        const page = await get(about + span);
        const section = elementsIn(page, 'section').at(-1) as ParsedElement;
        const [json, , all] = elementsIn(section, 'a')
          .map(({ attributes }) => String(attributes['href']))
          .filter((link) => link.includes('view=records'));
        const shown = tablesIn(section)['Last records'];
        const { text } = await send(`${served.origin}/${json}`);
        const { records } = JSON.parse(text) as { records: { date: string; bot: boolean }[] };
        expect(shown?.rows.map(([date]) => date)).to.deep.equal(
          records.slice(0, 20).map(({ date }) => date.slice(0, 19).replace('T', ' ')),
        );
        expect(records.length > 0 || span.includes('days=7')).to.equal(true);
        if (span.includes('people')) expect(records.filter(({ bot }) => bot)).to.deep.equal([]);
        if (span.includes('to=')) expect(records.every(({ date }) => date < '2026-06-15')).to.equal(true);
        const whole = tablesIn(await get(String(all).slice(1)))['Records'];
        expect(whole?.rows.slice(0, 20)).to.deep.equal(shown?.rows);
      });

  it('narrows no other page to its service', async () => {
    const storage = new MemoryStorage();
    await fillWorld(storage, 'nothing');
    await start(storage);
    const list = tablesIn(await get('view=endpoints'))['Endpoints'];
    const page = await get(String(list?.links[0]?.[0]).slice(1));
    const tabs = elementsIn(elementsIn(page, 'nav')[0] as ParsedElement, 'a');
    expect(tabs.filter(({ attributes }) => String(attributes['href']).includes('service'))).to.deep.equal([]);
  });

  describe('without crawlers', () => {
    beforeEach(() =>
      startOf(
        ...Array.from({ length: 2 }, () => call(1, { route: '/a', username: 'ada' })),
        ...Array.from({ length: 8 }, () => call(1, { route: '/a', status: 404, bot: true })),
        call(80, { route: '/a', bot: true }),
      ),
    );

    it('has errors of all calls, and names these', async () => {
      const page = await get('view=overview&days=7&people=1');
      expect(textsOfClass(page, 'value').slice(0, 2)).to.deep.equal(['2', '80 %']);
      expect(factsOf(await get('view=endpoint&method=GET&route=/a&days=7&people=1'))[2]).to.equal(
        '2, and 8 by crawlers; of all 10, 8 with a status of 4xx, 0 of 5xx',
      );
      const titles = elementsIn(page, 'title').map(({ text }) => text);
      expect(titles.join('\n')).to.match(/: 2 calls, 8 by crawlers, 8 of all failed/);
    });

    it('tells that there are none but crawlers', async () => {
      const page = await get('view=callers&from=2026-04-01&to=2026-05-01&people=1');
      expect(textsOfClass(page, 'nothing').join('').replaceAll(/\s+/g, ' ')).to.include(
        'No request but those by crawlers was recorded from 2026-04-01 until 2026-05-01. Choose other days, or have crawlers counted.',
      );
    });
  });
});
