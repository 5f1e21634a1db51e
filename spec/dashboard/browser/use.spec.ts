import { expect } from 'chai';
import Koa from 'koa';
import mount from 'koa-mount';
import { REFRESH_SCRIPT } from '../../../src/dashboard/assets/refresh-script.js';
import { usageDashboard } from '../../../src/dashboard/index.js';
import { UsageReports } from '../../../src/report/usage-reports.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { type OpenPage, describeInBrowser } from '../../support/browser.js';
import { NOW, call } from '../../support/reports.js';
import { type ServedBare, serveBare } from '../../support/serve-bare.js';
import { until } from '../../support/until.js';

/** More than there is room for on one page. */
const ENDPOINTS = 130;

const STRANGE_ROUTE = '/a b/%2F/ü/?x=1&y;z#+:id';

/** The shortest time that may be asked for. */
const REFRESH_SECONDS = 5;

/** What an element that has the focus is, and whether one can see that it has it. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const { left } = element.getBoundingClientRect();
  const isSeen = left >= 0 && outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1;
  return [element.name || element.getAttribute('aria-label') || element.textContent, isSeen];
})()`;

describeInBrowser('A dashboard in use', (browser) => {
  const storage = new MemoryStorage();
  let served: ServedBare;
  let home: string;

  before(async () => {
    await storage.store([
      ...Array.from({ length: ENDPOINTS }, (_, index) =>
        call(1 + (index % 20), {
          route: `/things/${index}`,
          path: `/things/${index}`,
          weight: ((index * 37) % 131) + 1,
        }),
      ),
      call(1, { route: STRANGE_ROUTE, username: 'ada', status: 404 }),
    ]);
    const reports = new UsageReports(storage, { now: () => NOW.getTime() });
    const dashboard = usageDashboard({ authorize: () => true, reports, refreshSeconds: REFRESH_SECONDS });
    const inner = new Koa().use(mount('/usage', dashboard));
    served = await serveBare((app) => app.use(mount('/admin', mount('/inner', inner))));
    home = `${served.origin}/admin/inner/usage`;
  });

  after(() => served.close());

  const headingOf = async ({ page }: OpenPage): Promise<string | null> => page.textContent('h1');

  /** The figures of the column of calls. */
  async function callsIn({ page }: OpenPage): Promise<number[]> {
    const cells = await page.locator('tbody tr td:nth-child(3)').allTextContents();
    return cells.map((text) => Number(text.replace(',', '')));
  }

  const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((one, other) => other - one);

  describe('by the keyboard', () => {
    it('can be reached with the tabulator, and shows where one is', async () => {
      const { page } = await browser().open(`${home}?view=endpoints`);
      const order: [string, boolean][] = [];
      while (order.length < 60 && order.at(-1)?.[0] !== 'GET /things/0') {
        await page.keyboard.press('Tab');
        order.push(await page.evaluate<[string, boolean]>(FOCUSED));
      }
      expect(order.filter(([, isSeen]) => !isSeen)).to.deep.equal([]);
      const names = order.map(([name]) => name).filter((name, index, all) => name !== all[index - 1]);
      expect(names.slice(0, 4)).to.deep.equal(['Skip to the figures', 'Usage', 'Overview', 'Endpoints']);
      const fields = ['Status', 'Today', 'A year', 'from', 'to', 'service', 'people', 'verdict', 'Show'];
      const places = fields.map((name) => names.indexOf(name));
      expect(places).to.deep.equal(places.toSorted((one, other) => one - other));
      expect(places[0]).to.be.above(0);
      expect(names.indexOf('calls')).to.be.above(names.lastIndexOf('Endpoints'));
      expect(names.lastIndexOf('Endpoints')).to.be.above(names.indexOf('Show'));
    });

    it('skips what stands above the figures', async () => {
      const { page } = await browser().open(home);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).to.equal('figures');
      await page.keyboard.press('Tab');
      expect((await page.evaluate<[string]>(FOCUSED))[0]).to.equal('JSON');
    });

    it('sorts, and turns the order round', async () => {
      const open = await browser().open(`${home}?view=endpoints`);
      const link = open.page.locator('thead a', { hasText: 'calls' }).first();
      await link.press('Enter');
      await open.page.waitForURL(/sort=calls&order=down/);
      const down = await callsIn(open);
      expect(down).to.deep.equal(sorted(down));
      expect(await open.page.locator('[aria-sort]').allTextContents()).to.deep.equal(['calls']);
      await link.press('Enter');
      await open.page.waitForURL(/order=up/);
      const up = await callsIn(open);
      expect(up).to.deep.equal(sorted(up).toReversed());
      expect(up[0]).to.be.below(down[0] as number);
    });
  });

  it('works without scripts: filters, sorts, goes on to further rows, and opens tables', async () => {
    const open = await browser().open(home, { javaScript: false });
    const { page } = open;
    expect(await page.locator('button', { hasText: 'refreshing' }).count()).to.equal(0);
    await page.locator('summary').click();
    expect(await page.locator('details[open] td').count()).to.be.above(10);
    await page.locator('nav a', { hasText: 'Endpoints' }).click();
    await page.locator('thead a', { hasText: 'calls' }).first().click();
    await page.locator('a[rel=next]').click();
    expect(await page.textContent('.pager')).to.match(/^\s*101 to 131 of 131/);
    expect(await callsIn(open)).to.have.length(31);
    await page.locator('.presets a', { hasText: '7 days' }).click();
    expect(new URL(page.url()).searchParams.get('sort')).to.equal('calls');
    expect(await page.locator('.pager').count()).to.equal(0);
    await page.locator('nav a', { hasText: 'Records' }).click();
    await page.locator('input[name=status]').fill('404');
    await page.locator('form button').click();
    expect(await page.locator('tbody tr').count()).to.equal(1);
  });

  describe('refreshed by its script', () => {
    let asked: number;

    async function openWithClock(path = ''): Promise<OpenPage> {
      const open = await browser().open(home);
      await open.page.clock.install();
      await open.page.goto(home + path);
      asked = 0;
      open.page.on('request', () => (asked += 1));
      return open;
    }

    /** Lets the time pass after which it refreshes, and waits until it has asked so often. */
    async function pass({ page }: OpenPage, times: 0 | 1): Promise<void> {
      asked = 0;
      await page.clock.runFor(REFRESH_SECONDS * 1000);
      // The browser tells of a request some time after the page has made it.
      if (times === 1) await until(() => asked > 0, 'it asks');
      await page.evaluate('0');
      expect(asked).to.equal(times);
    }

    const callsOf = async ({ page }: OpenPage): Promise<string | null> =>
      page.locator('.cards .value').first().textContent();

    it('has new figures, and is not loaded anew', async () => {
      const open = await openWithClock();
      await open.page.evaluate('window.isKept = true');
      const old = await callsOf(open);
      await storage.store([call(2, { route: '/things/0', path: '/things/0' })]);
      await pass(open, 1);
      await until(async () => (await callsOf(open)) !== old, 'the figures are new');
      expect(await open.page.evaluate('window.isKept')).to.equal(true);
      await pass(open, 1);
      expect(await open.troubles()).to.deep.equal([]);
    });

    it('can be paused', async () => {
      const open = await openWithClock();
      const button = open.page.locator('footer button');
      expect(await button.textContent()).to.equal('Pause refreshing');
      await button.press('Enter');
      await pass(open, 0);
      await button.press('Enter');
      await pass(open, 1);
    });

    it('pauses where the answer is another page, such as that of a login', async () => {
      const open = await openWithClock();
      const old = await callsOf(open);
      const login = { contentType: 'text/html', body: '<main>Who are you? <input></main>' };
      await open.page.route('**/*', (route) => route.fulfill(login));
      await pass(open, 1);
      const button = open.page.locator('footer button');
      await until(async () => (await button.textContent()) === 'Refresh again', 'it pauses');
      expect(await callsOf(open)).to.equal(old);
      await pass(open, 0);
    });

    for (const [what, begin, end] of [
      [
        'a link of theirs has the focus',
        "document.querySelector('#figures a').focus()",
        'document.activeElement.blur()',
      ],
      [
        'a table is open',
        "document.querySelector('summary').click()",
        "document.querySelector('summary').click()",
      ],
      [
        'text is selected',
        'getSelection().selectAllChildren(document.body)',
        'getSelection().removeAllRanges()',
      ],
    ] as const)
      it(`waits while ${what}`, async () => {
        const open = await openWithClock();
        await open.page.evaluate(begin);
        await pass(open, 0);
        await open.page.evaluate(end);
        await pass(open, 1);
      });

    it('keeps what is chosen in the form, and not sent yet', async () => {
      const open = await openWithClock();
      await open.page.locator('input[name=people]').check();
      await open.page.evaluate('document.activeElement.blur()');
      const old = await callsOf(open);
      await storage.store([call(2, { route: '/things/1', path: '/things/1' })]);
      await pass(open, 1);
      await until(async () => (await callsOf(open)) !== old, 'the figures are new');
      expect(await open.page.isChecked('input[name=people]')).to.equal(true);
    });

    it('has a script of a kilobyte at most', () => {
      expect(Buffer.byteLength(REFRESH_SCRIPT)).to.be.at.most(1024);
    });
  });

  describe('by its addresses', () => {
    it('goes back and forth', async () => {
      const open = await browser().open(`${home}?view=endpoints&days=7`);
      const { page } = open;
      const first = await callsIn(open);
      await page.locator('thead a', { hasText: 'calls' }).first().click();
      const second = await callsIn(open);
      await page.goBack();
      expect(await callsIn(open)).to.deep.equal(first);
      expect(await page.textContent('.presets [aria-current]')).to.equal('7 days');
      await page.goForward();
      expect(await callsIn(open)).to.deep.equal(second);
      expect(second).to.not.deep.equal(first);
    });

    it('keeps what the address says when the form is sent, and begins with the first rows', async () => {
      const { page } = await browser().open(
        `${home}?view=endpoints&sort=calls&order=up&days=30&verdict=used&skip=100`,
      );
      await page.locator('input[name=people]').check();
      await page.locator('form button').click();
      const { searchParams } = new URL(page.url());
      expect(Object.fromEntries(searchParams)).to.include({
        view: 'endpoints',
        sort: 'calls',
        order: 'up',
        days: '30',
        people: '1',
        verdict: 'used',
      });
      expect(searchParams.has('skip')).to.equal(false);
    });

    it('leads to an endpoint whose route has to be encoded', async () => {
      const open = await browser().open(`${home}?view=errors`);
      await open.page.locator('tbody a').first().click();
      expect(await headingOf(open)).to.equal(`GET ${STRANGE_ROUTE}`);
      await open.page.reload();
      expect(await headingOf(open)).to.equal(`GET ${STRANGE_ROUTE}`);
      expect(await open.page.locator('section', { hasText: 'Callers' }).first().textContent()).to.include(
        'ada',
      );
    });

    for (const end of ['', '/'])
      it(`leads from page to page at an address that ends with «${end}»`, async () => {
        const open = await browser().open(home + end);
        for (const name of ['Callers', 'Records', 'Status']) {
          await open.page.locator('nav a', { hasText: name }).click();
          expect(await headingOf(open)).to.equal(name);
        }
        expect(await open.troubles()).to.deep.equal([]);
        expect(new URL(open.page.url()).pathname).to.equal(new URL(home + end).pathname);
      });
  });
});
