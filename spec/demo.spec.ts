import { expect } from 'chai';
import { cli } from './support/cli.js';
import { type Demo, loadDemo } from './support/demo.js';
import { type TemporaryFolder, connectSqlite, temporaryFolder } from './support/sqlite.js';

/** Enough for every kind of request, on any date. */
const SHARE = 0.2;

const VERDICTS: Readonly<Record<string, readonly string[]>> = {
  unused: [
    'GET /products/:id/related',
    'GET /reports/stock',
    'GET /users/broken',
    'GET /v1/prices/:id',
    'POST /carts/:id/gift-wrap',
  ],
  'bots-only': ['GET /products/feed.xml'],
  'fails-only': ['GET /users/secret', 'POST /reports/export'],
  sampled: ['GET /products/suggestions'],
  deprecated: ['GET /v1/products'],
  'gone-still-called': ['GET /coupons/:code'],
  'too-young': ['GET /wishlists/:id'],
  untracked: ['GET /orders/draft', 'GET /usage', 'GET /users/health'],
  kept: ['GET /reports/year-end'],
  used: [
    'DELETE /carts/:id/items/:product',
    'GET /carts/:id',
    'GET /orders',
    'GET /products',
    'GET /products/:id',
    'GET /products/:id/reviews',
    'GET /products/search',
    'GET /reports/sales',
    'GET /shops/:id/hours',
    'GET /users/:id',
    'GET /users/me',
    'POST /carts/:id/checkout',
    'POST /carts/:id/items',
    'POST /users',
  ],
  gone: ['GET /banners/today', 'GET /stores/:id/hours'],
};

describe('The demonstration', () => {
  const end = new Date();
  let demo: Demo;
  let folder: TemporaryFolder;
  let count: number;

  before(async function () {
    this.timeout(120_000);
    folder = await temporaryFolder();
    demo = await loadDemo();
    count = await demo.fill(folder.file('demo.db'), { end, share: SHARE });
  });

  after(() => folder.remove());

  async function report(...args: string[]): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await cli([
      ...args,
      '--json',
      '--database',
      `sqlite:${folder.file('demo.db')}`,
    ]);
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it('has endpoints for every verdict but one, each with the verdict that it is there for', async () => {
    const { endpoints, ...basis } = await report('endpoints', '--days', '35');
    const named = (endpoints as Record<'verdict' | 'method' | 'route', string>[]).map(
      ({ verdict, method, route }) => [verdict, `${method} ${route}`] as const,
    );
    const byVerdict = Object.groupBy(named, ([verdict]) => verdict);
    const found = Object.entries(byVerdict).map(([verdict, own]) => [
      verdict,
      own?.map(([, name]) => name).toSorted(),
    ]);
    expect(Object.fromEntries(found)).to.deep.equal(VERDICTS);
    expect(basis).to.include({ days: 35, watchedDays: 35, lost: 0 });
  });

  it('has a deprecated endpoint that can be removed, and one that two callers still call', async () => {
    const { deprecations } = await report('deprecations');
    const rows = deprecations as {
      route: string;
      isReadyToRemove: boolean;
      callers: { username: string }[];
    }[];
    expect(
      rows.map(({ route, isReadyToRemove, callers }) => [route, isReadyToRemove, callers.length]),
    ).to.deep.equal([
      ['/v1/prices/:id', true, 0],
      ['/v1/products', false, 2],
    ]);
  });

  it('has what is gone, and the name that one endpoint has now', async () => {
    const { gone } = await report('gone');
    const rows = gone as {
      route: string;
      lastVersion: string;
      topCaller: string | null;
      renamedTo: string | null;
    }[];
    expect(
      rows.map(({ route, lastVersion, topCaller, renamedTo }) => [route, lastVersion, topCaller, renamedTo]),
    ).to.have.deep.members([
      ['/coupons/:code', '1.0.0', 'kiosk', null],
      ['/banners/today', '1.0.0', null, null],
      ['/stores/:id/hours', '1.0.0', null, '/shops/:id/hours'],
    ]);
  });

  it('books each day what was recorded on it, of instances that were all closed', async () => {
    const { status } = await report('status', '--days', '35');
    const days = status as { start: string; accepted: number; unclosed: number }[];
    const storage = await connectSqlite(folder.file('demo.db'));
    const told = await storage.reader.getSummary({ by: 'server', period: 'day' });
    await storage.close();
    const recorded = told.rows.map(({ start, hits }) => ({ start: start?.toJSON(), accepted: hits }));
    const booked = days.map(({ start, accepted }) => ({ start, accepted }));
    // In its first hours, a day may have no record yet.
    expect(booked.filter(({ accepted }) => accepted > 0)).to.deep.equal(recorded);
    expect(days.every(({ unclosed }) => unclosed === 0)).to.equal(true);
    // A day is summed up in the night after it.
    const unfolded = recorded.slice(-2).reduce((sum, { accepted }) => sum + accepted, 0);
    expect(told.live).to.be.at.most(unfolded);
  });

  it('asks for what is planned, which is one plan for one moment', async () => {
    const plan = (): unknown[] => [...demo.planTraffic(end, SHARE)];
    expect(plan()).to.deep.equal(plan());
    const requests = [...demo.planTraffic(end, SHARE)].flatMap((stretch) => stretch.requests);
    expect(count).to.equal(requests.length);
    const { calls } = await report('endpoints', '--days', '35');
    expect(calls).to.equal(requests.filter(({ url }) => url !== '/users/health').length);
  });

  it('has a day on which payments failed', async () => {
    const { traffic } = await report('traffic', '--days', '35');
    const failures = (traffic as { serverErrors: number }[]).map(({ serverErrors }) => serverErrors);
    const worst = failures.indexOf(Math.max(...failures));
    expect(failures.length - worst).to.equal(7);
  });
});
