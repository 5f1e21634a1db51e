// Takes the pictures of the docs: the pages of the dashboard, on the demonstration's five weeks of a shop.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Koa from 'koa';
import { TestBrowser } from '../build/spec/support/servers/chromium.js';
import { SqlStorage } from '../dist/backends/sql/index.js';
import { usageDashboard } from '../dist/dashboard/index.js';
import { UsageReports } from '../dist/report/usage-reports.js';

/** Of one moment there is one plan, so that pictures change only where pages do. */
const END = new Date('2026-06-30T15:20:00Z');

// Its deprecations are so many days from the moment at which it is loaded.
mock.timers.enable({ apis: ['Date'], now: END });
const { fill } = await import('../examples/quickstart/dist/demo/fill.js');
mock.timers.reset();

/** Pixels beyond which a page is cut. */
const MOST_HEIGHT = 760;

const PAGES = [
  { name: 'overview', query: '?days=14' },
  { name: 'overview-dark', query: '?days=14', colorScheme: 'dark' },
  { name: 'endpoints', query: '?view=endpoints&days=14' },
  { name: 'endpoint', query: '?view=endpoint&days=14&method=POST&route=/carts/:id/checkout' },
];

const folder = await mkdtemp(join(tmpdir(), 'screenshots-'));
const pictures = fileURLToPath(new URL('../docs/images', import.meta.url));
const dbName = join(folder, 'demo.db');
await fill(dbName, { end: END });
const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName });
const reports = new UsageReports(storage, { now: () => END.getTime() });
const app = new Koa().use(usageDashboard({ authorize: () => true, reports, title: 'Shop' }));
const server = app.listen(0, '127.0.0.1');
const browser = await TestBrowser.launch();
try {
  await mkdir(pictures, { recursive: true });
  for (const { name, query, colorScheme } of PAGES) await take(name, query, colorScheme);
} finally {
  await browser.dispose();
  server.close();
  await storage.close();
  await rm(folder, { recursive: true });
}

async function take(name, query, colorScheme) {
  const { page } = await browser.open(`http://127.0.0.1:${server.address().port}/${query}`, { colorScheme });
  const { height } = await page.locator('body').boundingBox();
  const clip = { x: 0, y: 0, width: 1280, height: Math.min(height, MOST_HEIGHT) };
  await page.screenshot({ path: join(pictures, `${name}.png`), clip, fullPage: true });
}
