import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { UsageReports } from '../../../src/report/usage-reports.js';
import type { UsageStorage } from '../../../src/storage/usage-storage.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { cli } from '../../support/cli.js';
import { tablesIn, textsOfClass } from '../../support/dashboard-tables.js';
import { fillWorld } from '../../support/dashboard-world.js';
import { type ServedDashboard, serveDashboard } from '../../support/dashboards.js';
import { send } from '../../support/http-client.js';
import { type ParsedElement, elementsIn, parseHtml } from '../../support/parsed-html.js';
import { NOW } from '../../support/reports.js';
import { connectSqlite, useTemporaryFolder } from '../../support/sqlite.js';

const VIEWS = ['overview', 'endpoints', 'callers', 'deprecations', 'gone', 'errors', 'traffic'];

describe('What the dashboard says', () => {
  let served: ServedDashboard;

  const start = async (storage: UsageStorage): Promise<void> => {
    const reports = new UsageReports(storage, { now: () => NOW.getTime() });
    served = await serveDashboard({ reports, authorize: () => true });
  };

  afterEach(() => served.close());

  const get = async (query: string, expected = 200): Promise<ParsedElement> => {
    const { status, text } = await send(`${served.origin}/?${query}`);
    expect(status, query).to.equal(expected);
    return parseHtml(text);
  };

  /** The fields of the form, by their names. */
  const formOf = (page: ParsedElement): Record<string, string | undefined> => {
    const [form] = elementsIn(page, 'form');
    if (form === undefined) throw new Error('There is no form.');
    const chosen = elementsIn(form, 'select').map((list) => {
      const option = elementsIn(list, 'option').find(({ attributes }) => 'selected' in attributes);
      return [list.attributes['name'], option?.text];
    });
    const inputs = elementsIn(form, 'input').map(({ attributes }) => [
      attributes['name'],
      attributes['type'] === 'checkbox' ? String('checked' in attributes) : attributes['value'],
    ]);
    return Object.fromEntries([...chosen, ...inputs]) as Record<string, string | undefined>;
  };

  const presetsOf = (page: ParsedElement): ParsedElement =>
    elementsIn(page, 'ul').find(({ attributes }) => attributes['class'] === 'presets') as ParsedElement;

  describe('of nothing', () => {
    it('tells a beginner what to do where nothing is recorded yet', async () => {
      await start(new MemoryStorage());
      for (const view of [...VIEWS, 'status']) {
        const page = await get(`view=${view}`);
        expect(textsOfClass(page, 'nothing').join(''), view).to.include('Nothing is recorded yet');
        expect(tablesIn(page)).to.deep.equal({});
      }
      expect(textsOfClass(await get('view=records'), 'nothing')).to.deep.equal([
        'No record passes these filters.',
      ]);
    });

    it('tells that there was no request in these days', async () => {
      const storage = new MemoryStorage();
      await fillWorld(storage, 'nothing');
      await start(storage);
      const page = await get('view=callers&from=2025-03-01&to=2025-03-08');
      expect(textsOfClass(page, 'nothing')[0]?.replaceAll(/\s+/g, ' ').trim()).to.equal(
        'No request was recorded from 2025-03-01 until 2025-03-08. Choose other days.',
      );
      const caller = await get('view=caller&username=nobody');
      expect(textsOfClass(caller, 'nothing').join('')).to.include('No request was recorded');
    });
  });

  describe('of the storage', () => {
    const folder = useTemporaryFolder();

    it('is that it is only read, and that it is summed up too late, as on the command line', async () => {
      const file = folder.file('usage.db');
      const writing = await connectSqlite(file);
      await fillWorld(writing, 'half');
      await writing.close();
      const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: file, readOnly: true });
      try {
        await start(storage);
        const [, ...notes] = textsOfClass(await get('view=status'), 'note');
        expect(notes).to.have.lengthOf(2);
        expect(notes[0]).to.match(/^Records are summed up more than an hour late\./);
        expect(notes[1]).to.match(/^The storage is opened for reading only: /);
        const { stdout } = await cli(['status', '--database', `sqlite:${file}`], {
          clock: new ManualClock(NOW),
        });
        expect(stdout.split('\n').slice(2, 4)).to.deep.equal(notes);
      } finally {
        await storage.close();
      }
    });
  });

  describe('to an address', () => {
    beforeEach(async () => {
      const storage = new MemoryStorage();
      await fillWorld(storage, 'nothing');
      await start(storage);
    });

    for (const [query, status, said] of [
      ['view=endpoints&days=abc', 400, /days/],
      ['view=endpoints&days=99999', 400, /days/],
      ['days=0', 400, /days/],
      ['view=callers&from=yesterday', 400, /'yesterday'/],
      ['view=callers&from=2026-05-02&to=2026-05-01', 400, /'?from'?/],
      ['view=traffic&period=week', 400, /'week'/],
      ['view=records&status=9xx', 400, /'9xx'/],
      ['view=records&cursor=abc', 400, /cursor/],
      ['view=callers&method=GET&route=/nowhere', 400, /GET \/nowhere/],
      ['view=nowhere', 404, /no such page/],
      ['view=endpoint&method=GET&route=/nowhere', 404, /GET \/nowhere/],
      ['view=endpoints&verdict=dead', 404, /'dead'/],
      ['service=nope', 404, /'nope'.*mail, shop/],
      ['view=records&service=nope', 404, /'nope'/],
    ] as const)
      it(`that asks for ${query} is what is wrong with it, beside the form`, async () => {
        const page = await get(query, status);
        expect(textsOfClass(page, 'problem').join(' ')).to.match(said);
        expect(elementsIn(page, 'form')).to.have.lengthOf(1);
        expect(served.errors).to.deep.equal([]);
      });

    it('is in the form: presets, dates before days, the service and who is counted', async () => {
      const fields = async (query: string): Promise<unknown> => {
        const page = await get(query);
        const current = elementsIn(presetsOf(page), 'a').filter(
          ({ attributes }) => 'aria-current' in attributes,
        );
        const { from, to, service, people } = formOf(page);
        return [current.map(({ text }) => text).join(), from, to, service, people];
      };
      expect(await fields('view=endpoints')).to.deep.equal(['90 days', '', '', 'all', 'false']);
      expect(await fields('view=endpoints&days=7&service=mail&people=1')).to.deep.equal([
        '7 days',
        '',
        '',
        'mail',
        'true',
      ]);
      expect(await fields('view=endpoints&days=45')).to.deep.equal(['45 days', '', '', 'all', 'false']);
      const both = 'view=endpoints&days=7&from=2026-05-01&to=2026-06-01';
      expect(await fields(both)).to.deep.equal(['', '2026-05-01', '2026-06-01', 'all', 'false']);
      const { text } = await send(`${served.origin}/?${both}&format=json`);
      expect(JSON.parse(text)).to.include({ from: '2026-05-01T00:00:00.000Z', days: 31 });
    });

    it('has the days of a preset that is chosen while dates are set', async () => {
      const page = await get('view=callers&from=2026-05-01&to=2026-06-01&service=shop&skip=100');
      const week = elementsIn(presetsOf(page), 'a').find(({ text }) => text === '7 days');
      const query = new URLSearchParams(week?.attributes['href']);
      expect(Object.fromEntries(query)).to.deep.equal({ view: 'callers', days: '7', service: 'shop' });
      const { text } = await send(`${served.origin}/${week?.attributes['href']}&format=json`);
      expect(JSON.parse(text)).to.include({ from: '2026-06-24T00:00:00.000Z', days: 7 });
    });

    it('has the services and, for records too, the days of the reports', async () => {
      const page = await get('view=records');
      const list = elementsIn(page, 'select').find(({ attributes }) => attributes['name'] === 'service');
      expect(elementsIn(list as ParsedElement, 'option').map(({ text }) => text)).to.deep.equal([
        'all',
        'mail',
        'shop',
      ]);
    });

    it('stays in the links, with the days', async () => {
      const page = await get('view=endpoints&days=30&service=shop&people=1&sort=calls&skip=0');
      const [link] = tablesIn(page)['Endpoints']?.links[0] ?? [];
      const query = new URLSearchParams(link?.slice(1));
      expect(Object.fromEntries(query)).to.include({
        view: 'endpoint',
        days: '30',
        service: 'shop',
        people: '1',
      });
      expect(query.has('sort')).to.equal(false);
      // The form has days for those who take its dates out, and begins at the beginning.
      const names = elementsIn(page, 'input')
        .filter(({ attributes }) => attributes['type'] === 'hidden')
        .map(({ attributes }) => attributes['name']);
      expect(names).to.have.members(['days', 'sort', 'view']);
    });
  });
});
