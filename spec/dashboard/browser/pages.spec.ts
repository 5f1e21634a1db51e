import { expect } from 'chai';
import mount from 'koa-mount';
import { usageDashboard } from '../../../src/dashboard/index.js';
import { UsageReports } from '../../../src/report/usage-reports.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { type OpenPage, describeInBrowser } from '../../support/browser.js';
import { loadDemo } from '../../support/demo.js';
import { faultsOf } from '../../support/looks.js';
import { type ServedBare, serveBare } from '../../support/serve-bare.js';
import { type TemporaryFolder, connectSqlite, temporaryFolder } from '../../support/sqlite.js';

/** Enough for every kind of row. */
const SHARE = 0.05;

const CHECKOUT = 'method=POST&route=%2Fcarts%2F%3Aid%2Fcheckout';

/** The pages, where they are, and what is their heading. */
const PAGES: readonly (readonly [title: string, path: string, heading: string])[] = [
  ['the overview', '/shop', 'Overview'],
  ['the endpoints', '/shop?view=endpoints', 'Endpoints'],
  ['endpoints of a verdict, sorted', '/shop?view=endpoints&verdict=used&sort=calls', 'Endpoints'],
  ['an endpoint', `/shop?view=endpoint&${CHECKOUT}`, 'POST /carts/:id/checkout'],
  ['the callers', '/shop?view=callers', 'Callers'],
  ['a caller', '/shop?view=caller&username=storefront', 'storefront'],
  ['a caller of nothing', '/shop?view=caller&username=nobody', 'nobody'],
  ['deprecations', '/shop?view=deprecations', 'Deprecations'],
  ['what is gone', '/shop?view=gone', 'Gone'],
  ['errors', '/shop?view=errors', 'Errors'],
  ['traffic by the hour', '/shop?view=traffic&period=hour&days=1', 'Traffic'],
  ['records', '/shop?view=records&status=5xx', 'Records'],
  ['the status', '/shop?view=status', 'Status'],
  ['an empty storage', '/empty', 'Overview'],
  ['the endpoints of an empty storage', '/empty?view=endpoints', 'Endpoints'],
  ['the records of an empty storage', '/empty?view=records', 'Records'],
];

/** Pages that cannot be made, and their statuses. */
const FAILING: readonly (readonly [title: string, path: string, status: number])[] = [
  ['days that are no number', '/shop?days=many', 400],
  ['an endpoint that nothing is known of', '/shop?view=endpoint&method=GET&route=%2Fnone', 404],
  ['a storage that cannot be had', '/away', 503],
];

describeInBrowser('The pages of the dashboard', (browser) => {
  let folder: TemporaryFolder;
  let served: ServedBare;
  let open: OpenPage;
  const closing: (() => Promise<void>)[] = [];

  before(async function () {
    this.timeout(120_000);
    folder = await temporaryFolder();
    closing.push(() => folder.remove());
    await (await loadDemo()).fill(folder.file('demo.db'), { end: new Date(), share: SHARE });
    const storage = await connectSqlite(folder.file('demo.db'));
    closing.unshift(() => storage.close());
    const away = await connectSqlite(folder.file('away.db'));
    await away.close();
    const dashboardOf = (reports: UsageReports) => usageDashboard({ authorize: () => true, reports });
    served = await serveBare((app) => {
      app.use(mount('/shop', dashboardOf(new UsageReports(storage))));
      app.use(mount('/empty', dashboardOf(new UsageReports(new MemoryStorage()))));
      app.use(mount('/away', dashboardOf(new UsageReports(away))));
      app.use(mount('/denied', usageDashboard()));
    });
    closing.unshift(() => served.close());
    open = await browser().open(`${served.origin}/empty`);
  });

  after(async () => {
    for (const close of closing) await close();
  });

  for (const [title, path, heading] of PAGES)
    it(`are sound, on every screen and on paper: ${title}`, async () => {
      await open.page.goto(served.origin + path);
      expect(await open.page.locator('h1').allTextContents()).to.deep.equal([heading]);
      expect(await faultsOf(open)).to.deep.equal([]);
      expect(await open.troubles()).to.deep.equal([]);
    });

  for (const [title, path, status] of FAILING)
    it(`are sound where there are no figures: ${title}`, async () => {
      const own = await browser().open(served.origin + path);
      expect(await own.page.locator('h1').allTextContents()).to.deep.equal(['There are no figures']);
      expect(await faultsOf(own)).to.deep.equal([]);
      const troubles = await own.troubles();
      expect(troubles).to.have.length(1);
      expect(troubles[0]).to.include(`a status of ${status}`);
    });

  it('are a sentence, and load nothing of the dashboard, where they deny', async () => {
    const own = await browser().open(`${served.origin}/denied`);
    expect(await own.page.textContent('body')).to.include('refuses everybody');
    expect(await own.page.locator('link, script, img').count()).to.equal(0);
  });
});
