import { expect } from 'chai';
import type { EndpointDeclaration } from '../../../src/endpoint/register.js';
import { RegisterWriter } from '../../../src/endpoint/register-writer.js';
import { escapeControl } from '../../../src/record/escape-control.js';
import { nameOf } from '../../../src/report/rendering/columns.js';
import { UsageReports } from '../../../src/report/usage-reports.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { type OpenPage, describeInBrowser } from '../../support/browser.js';
import { serveDashboard } from '../../support/dashboards.js';
import { HOSTILE_TEXTS, MARKUP_TEXTS } from '../../support/hostile-values.js';
import { faultsOf } from '../../support/looks.js';
import { declare, writerSettings } from '../../support/register-writers.js';
import { NOW, call, daysAgo } from '../../support/reports.js';
import type { ServedBare } from '../../support/serve-bare.js';
import { serveHandler } from '../../support/serve-handler.js';

const { signal } = new AbortController();

/** Texts that a storage gives back as they are: those of a record are well formed. */
const TEXTS = [...MARKUP_TEXTS, ...HOSTILE_TEXTS.map(([, text]) => text)].filter((text) =>
  text.isWellFormed(),
);

const PAGES = [
  'overview',
  'endpoints',
  'callers',
  'deprecations',
  'gone',
  'errors',
  'traffic',
  'records',
  'status',
];

/** What a stranger can have recorded: names, paths and user agents. */
async function recordStrangers(storage: MemoryStorage): Promise<void> {
  const served = await serveHandler((context) => void (context.status = 404), { storage });
  for (const text of [...MARKUP_TEXTS, ...HOSTILE_TEXTS.map(([, one]) => one)]) {
    const short = text.slice(0, 2000).toWellFormed();
    const authorization = `Basic ${Buffer.from(`${short.replaceAll(':', '')}:x`).toString('base64')}`;
    const agent = short.replace(/[^\x20-\x7e]/g, '').trim() || 'none';
    await fetch(`${served.origin}/${encodeURIComponent(short)}?${encodeURIComponent(short)}`, {
      headers: { authorization, 'user-agent': agent, referer: agent },
    });
  }
  await served.records();
  await served.close();
}

/** What only the application can have recorded and declared. */
async function recordOwn(storage: MemoryStorage): Promise<void> {
  await storage.store(
    TEXTS.map((text, index) =>
      call(index % 9, {
        serverName: index % 2 === 0 ? 'shop' : text,
        route: text,
        path: text,
        controller: text,
        action: text,
        username: text,
        status: index % 3 === 0 ? 500 : 200,
        trackVar: { [text.slice(0, 60)]: text },
      }),
    ),
  );
  const write = async (days: number, declared: EndpointDeclaration[]): Promise<void> => {
    const now = (): number => daysAgo(days).getTime();
    const settings = writerSettings(storage.register, now, {
      declared: () => [declared],
      version: TEXTS[0] ?? null,
    });
    await new RegisterWriter(settings).write(true, signal);
  };
  const declarations = TEXTS.map((text) => {
    const deprecation = {
      since: daysAgo(30),
      sunset: null,
      replacement: text,
      link: 'javascript:window.hacked=7',
    };
    return declare(text, { controller: text, action: text, deprecation });
  });
  await write(8, declarations);
  await write(0, declarations.slice(6));
}

const inOneLine = (text: string): string => text.replaceAll(/ +/g, ' ');

describeInBrowser('Pages of a dashboard on hostile texts', (browser) => {
  let served: ServedBare;
  let open: OpenPage;
  const asked = new Set<string>();
  let dialogs = 0;

  before(async function () {
    this.timeout(60_000);
    const storage = new MemoryStorage();
    await recordStrangers(storage);
    const strange = storage.records.map((record) => ({ ...record, date: daysAgo(1) }));
    storage.clear();
    await storage.store(strange);
    await recordOwn(storage);
    const reports = new UsageReports(storage, { now: () => NOW.getTime() });
    served = await serveDashboard({ authorize: () => true, reports, title: MARKUP_TEXTS[1] });
    open = await browser().open(served.origin);
    open.page.on('request', (request) => asked.add(new URL(request.url()).origin));
    open.page.on('dialog', (dialog) => {
      dialogs += 1;
      void dialog.dismiss();
    });
  });

  // There is none where there is no browser.
  after(() => (served as ServedBare | undefined)?.close());

  async function expectHarmless(): Promise<void> {
    expect(await open.page.evaluate('window.hacked')).to.equal(undefined);
    const foreign =
      'script:not(head > script), iframe, base, img, form[action], a[href^="javascript:" i], [onerror], [onfocus]';
    expect(await open.page.locator(foreign).count()).to.equal(0);
    expect(await open.page.locator('script').count()).to.equal(1);
    expect([...asked]).to.deep.equal([served.origin]);
    expect(dialogs).to.equal(0);
    expect(await open.troubles()).to.deep.equal([]);
  }

  for (const view of PAGES)
    it(`run nothing, ask nobody else and keep their form: ${view}`, async () => {
      await open.page.goto(`${served.origin}/?view=${view}&days=30`);
      // A sheet of paper that is too narrow for such texts is scaled down by the browser.
      expect(await faultsOf(open, ['light', 'narrow'])).to.deep.equal([]);
      await expectHarmless();
    });

  for (const [what, query] of [
    ['an endpoint', (text: string) => ({ view: 'endpoint', method: 'GET', route: text })],
    ['a caller', (text: string) => ({ view: 'caller', username: text })],
  ] as const)
    it(`run nothing on the page of ${what}, whose heading is its name`, async () => {
      for (const text of MARKUP_TEXTS) {
        await open.page.goto(`${served.origin}/?${new URLSearchParams(query(text)).toString()}`);
        const heading = await open.page.textContent('h1');
        const name = what === 'a caller' ? nameOf(text) : `GET ${text}`;
        expect(heading).to.equal(escapeControl(name));
        await expectHarmless();
      }
      expect(await faultsOf(open, ['light', 'narrow'])).to.deep.equal([]);
    });

  for (const view of ['endpoints', 'callers', 'errors', 'gone', 'records'])
    it(`lead to the page of each row: ${view}`, async () => {
      await open.page.goto(`${served.origin}/?view=${view}&days=30`);
      const follow = `Promise.all([...document.querySelectorAll('tbody a')].map(async (link) => {
        const text = await (await fetch(link.href)).text();
        const heading = new DOMParser().parseFromString(text, 'text/html').querySelector('h1').textContent;
        return [link.href.slice(-300), link.textContent, heading];
      }))`;
      const led = await open.page.evaluate<[string, string, string][]>(follow);
      expect(led).to.have.length.above(5);
      expect(led.filter(([, , heading]) => heading === 'There are no figures')).to.deep.equal([]);
      // The cell of an action has another name.
      const named = led.filter(([, text]) => view !== 'records' || text.startsWith('GET '));
      const wrong = named.filter(
        ([, text, heading]) => !inOneLine(heading).startsWith(inOneLine(text.replace(/…$/, ''))),
      );
      expect(wrong).to.deep.equal([]);
    });
});
