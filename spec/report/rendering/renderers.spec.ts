import { expect } from 'chai';
import { callersReport } from '../../../src/report/callers.js';
import { endpointsReport } from '../../../src/report/endpoints.js';
import { cellText } from '../../../src/report/rendering/cell-text.js';
import type { Sheet } from '../../../src/report/rendering/column.js';
import { renderCsv } from '../../../src/report/rendering/csv.js';
import { renderJson } from '../../../src/report/rendering/json.js';
import { renderMarkdown } from '../../../src/report/rendering/markdown.js';
import { renderSheet, renderTable } from '../../../src/report/rendering/table.js';
import type { AnyReport, EndpointsReport } from '../../../src/report/report.js';
import { UsageReports } from '../../../src/report/usage-reports.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { RECORDS, REGISTER } from '../../support/report-world.js';
import { NOW, call, daysAgo, registerOf, registered, sourceOf } from '../../support/reports.js';

/** Names that strangers may have written. */
const HOSTILE = [
  '\u001b[2J\u001b[31mred',
  '\u202Egnp.exe',
  'zero\u200bwidth\ufeff',
  '=HYPERLINK("http://evil.example","x")',
  "+1+cmd|' /C calc'!A0",
  '@SUM(A1)',
  '-2+3',
  '\t=1',
  '\uff1d1+1',
  'a|b\\|c',
  '</td><script>alert(1)</script>',
  '[link](javascript:alert(1)) ![i](x) `code` **b** ~~s~~',
  'www.evil.example and https://evil.example',
  'two\nlines\r\nand "quotes", commas',
  '\u0000\u0007\u009b31m',
  'Ada Ωmega 名前 👍',
];

/** A character that a terminal acts upon, or that has no width. */
const UNSAFE = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2066-\u2069\ufeff]/u;

/** Reads CSV as RFC 4180 says. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, separator, quoted, plain] of text.matchAll(/(^|,|\r\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)) {
    if (separator === '\r\n') rows.push([]);
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
  }
  return rows.slice(0, -1);
}

/** The cells of a Markdown table. */
function readMarkdown(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  return lines.map((line) => line.slice(2, -2).split(/ (?<!\\)\| /));
}

async function hostileReports(): Promise<AnyReport[]> {
  const storage = new MemoryStorage();
  await storage.store(
    HOSTILE.map((text) =>
      call(1, {
        username: text,
        route: `/${text}`,
        controller: text,
        action: text,
        serverName: text,
        method: text,
      }),
    ),
  );
  const endpoints = HOSTILE.map((text) =>
    registered({
      service: text,
      method: text,
      route: `/${text}`,
      keep: text,
      isDeclared: text.length % 2 === 0,
      lastDeclared: daysAgo(9),
      lastVersion: text,
      deprecation: { since: daysAgo(9), sunset: null, replacement: text, link: text },
    }),
  );
  const unused = HOSTILE.map((keep, index) =>
    registered({ service: 'spec', route: `/unused/${index}`, keep }),
  );
  const source = sourceOf(storage, registerOf(...endpoints, ...unused));
  return [await endpointsReport(source), await callersReport(source)];
}

describe('Rendered reports', () => {
  let reports: AnyReport[];
  let endpoints: EndpointsReport;

  before(async () => {
    const storage = new MemoryStorage();
    await storage.store(RECORDS);
    endpoints = await endpointsReport(sourceOf(storage, REGISTER));
    reports = await hostileReports();
  });

  it('have equal figures in each way of rendering', async () => {
    const json = (JSON.parse(await renderJson(endpoints)) as { endpoints: Record<string, unknown>[] })
      .endpoints;
    const [names = [], ...csv] = readCsv(await renderCsv(endpoints));
    const [titles = [], , ...markdown] = readMarkdown(renderMarkdown(endpoints));
    const table = renderTable(endpoints)
      .trimEnd()
      .split('\n')
      .slice(2)
      .map((line) => line.split(/ {2,}/));
    expect([csv.length, markdown.length, table.length]).to.deep.equal(
      json.map(() => json.length).slice(0, 3),
    );
    for (const [index, row] of endpoints.endpoints.entries()) {
      const told = json[index] ?? {};
      const field = (name: string): string | undefined => csv[index]?.[names.indexOf(name)];
      const cell = (title: string): string | undefined => markdown[index]?.[titles.indexOf(title)];
      for (const name of [
        'calls',
        'before',
        'callers',
        'clientErrors',
        'serverErrors',
        'bots',
        'p95Ms',
      ] as const) {
        expect(told[name]).to.equal(row[name]);
        expect(field(name)).to.equal(String(row[name] ?? ''));
      }
      for (const name of ['lastCall', 'trackedSince'] as const) {
        expect(told[name]).to.equal(row[name]?.toJSON() ?? null);
        expect(field(name)).to.equal(row[name]?.toJSON() ?? '');
      }
      expect([told['verdict'], field('verdict'), cell('VERDICT'), table[index]?.[0]]).to.deep.equal(
        Array(4).fill(row.verdict),
      );
      expect([told['reason'], field('reason'), table[index]?.at(-1)]).to.deep.equal(
        Array(3).fill(row.reason),
      );
      const calls = Math.round(row.calls).toLocaleString('en-US');
      expect(cell('CALLS')).to.equal(calls);
      expect(table[index]).to.include(calls);
    }
  });

  it('show the table of the documents', async () => {
    const storage = new MemoryStorage();
    const legacy = { route: '/legacy/:id', status: 410, username: 'bolt', durationMs: 3 };
    const deprecated = { route: '/v1/users/:id', durationMs: 48 };
    await storage.store([
      ...Array.from({ length: 41 }, () => call(0.1, legacy)),
      ...Array.from({ length: 40 }, () => call(100, legacy)),
      ...Array.from({ length: 1200 }, (_, index) =>
        call(0.2, { ...deprecated, username: index % 3 === 0 ? 'bolt' : 'acme' }),
      ),
      ...Array.from({ length: 3000 }, () => call(100, deprecated)),
      call(3, { route: '/orders/:id', username: null }),
    ]);
    const sunset = daysAgo(-31.5);
    const register = registerOf(
      registered({ route: '/orders/draft' }),
      registered({ route: '/legacy/:id' }),
      registered({
        route: '/v1/users/:id',
        deprecation: { since: daysAgo(9), sunset, replacement: null, link: null },
      }),
      registered({ route: '/v3/beta', trackedSince: daysAgo(9) }),
      registered({ route: '/health', tracked: false, trackedSince: null }),
      registered({ method: 'POST', route: '/orders/:id' }),
      registered({ route: '/orders/:id' }),
    );
    const report = await endpointsReport(sourceOf(storage, register));
    expect(renderTable(report).split('\n')).to.deep.equal([
      'spec · 7 endpoints · 90 of 90 days watched · 1,242 calls, 0 lost',
      'VERDICT     ENDPOINT            CALLS   ±%  CALLERS    P95  LAST CALL   BY    WHY',
      'unused      POST /orders/:id        0    –        –      –  never       –     no call in 90 of 90 watched days, last call never',
      'unused      GET  /orders/draft      0    –        –      –  never       –     no call in 90 of 90 watched days, last call never',
      'fails-only  GET  /legacy/:id       41   +3        1   3 ms  today       bolt  41 × 4xx',
      'deprecated  GET  /v1/users/:id  1,200  -60        2  48 ms  today       acme  sunset in 31 days, 2 callers',
      'too-young   GET  /v3/beta           0    –        –      –  never       –     9 of 30 days',
      'untracked   GET  /health            ?    –        –      –  ?           –     requests to it are not recorded',
      'used        GET  /orders/:id        1    –        0  12 ms  3 days ago  –     1 call, 0 callers',
      '',
    ]);
  });

  it('fit a width, by shortening texts and then by leaving columns out', () => {
    for (const width of [200, 120, 100, 80, 60, 40, 20, 10]) {
      for (const report of [endpoints, ...reports]) {
        const lines = renderTable(report, { width }).split('\n');
        for (const line of lines) expect([...line].length, line).to.be.at.most(width);
      }
    }
    expect(renderTable(endpoints, { width: 80 })).to.include('…');
  });

  it('stress verdicts and titles by a function that is handed in', () => {
    const seen = new Set<string>();
    const style = (tone: string, text: string): string => {
      seen.add(`${tone}:${text}`);
      return `<${tone}>${text}</>`;
    };
    const styled = renderTable(endpoints, { style });
    expect([...seen]).to.include.members([
      'heading:VERDICT',
      'bad:unused',
      'warning:deprecated',
      'good:used',
    ]);
    expect(styled.replaceAll(/<\/?\w*>/g, '')).to.equal(renderTable(endpoints));
  });

  it('hold nothing that a terminal acts upon', async () => {
    for (const report of reports) {
      for (const text of [renderTable(report), renderMarkdown(report), await renderJson(report)])
        for (const line of text.split('\n')) expect(line).to.not.match(UNSAFE);
      for (const line of (await renderCsv(report)).split('\r\n')) expect(line).to.not.match(UNSAFE);
    }
    expect(renderTable(reports[1] as AnyReport))
      .to.include('\\x1b[2J\\x1b[31mred')
      .and.include('\\u202egnp.exe');
  });

  it('hold no formula in CSV, and no field that ends early', async () => {
    for (const report of reports) {
      const [names = [], ...rows] = readCsv(await renderCsv(report));
      expect(rows.length).to.be.above(HOSTILE.length - 1);
      for (const row of rows) {
        expect(row.length).to.equal(names.length);
        for (const field of row) expect(field).to.not.match(/^\s*[=+@\uff1d\uff0b\uff0d\uff20-]/);
      }
    }
    const [, ...callers] = readCsv(await renderCsv(reports[1] as AnyReport));
    expect(callers.map(([username]) => username)).to.include.members([
      `'=HYPERLINK("http://evil.example","x")`,
      "'-2+3",
      'two\\x0alines\\x0d\\x0aand "quotes", commas',
      'Ada Ωmega 名前 👍',
    ]);
  });

  it('hold no markup in Markdown, and no cell that ends early', () => {
    for (const report of reports) {
      const text = renderMarkdown(report).replaceAll('<!-- -->', '');
      const [titles = [], ...rows] = readMarkdown(text);
      for (const row of rows) expect(row.length).to.equal(titles.length);
      expect(text).to.not.match(/<|(?<!\\)[`[\]~]|(?<!\\)!|:\/\/|www\.e/);
    }
    const callers = renderMarkdown(reports[1] as AnyReport);
    expect(callers).to.include('| &lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt; |');
    expect(callers).to.include(String.raw`a\|b\\\|c`);
  });

  it('send word to nobody from Markdown', () => {
    const texts = reports.map((report) => renderMarkdown(report));
    expect(texts[1]).to.include('@<!-- -->SUM(A1)');
    for (const text of texts) expect(text).to.not.match(/[@#](?!<!-- -->)/);
  });

  it('have as many rows as there are', () => {
    const column = { name: 'n', title: 'N', kind: 'count', value: (n: number) => n } as const;
    const rows = Array.from({ length: 150_000 }, (_, index) => index);
    const sheet = { headline: [], notes: [], columns: [column], rows, timeZone: 'UTC', asOf: NOW };
    expect(renderSheet(sheet as unknown as Sheet).split('\n')).to.have.lengthOf(rows.length + 3);
  });

  it('show no change where there is next to none', () => {
    const place = { timeZone: 'UTC', asOf: NOW };
    expect(cellText(-0.3, 'change', place, 'absolute')).to.equal('0');
  });

  it('hold every value in JSON as it is', async () => {
    const { callers } = JSON.parse(await renderJson(reports[1] as AnyReport)) as {
      callers: { username: string }[];
    };
    const names = callers.map(({ username }) => username);
    expect(names).to.include.members(HOSTILE.map((text) => call(1, { username: text }).username as string));
  });

  it('tell of an empty storage in every report', async () => {
    const empty = new UsageReports(new MemoryStorage(), { now: () => NOW.getTime() });
    for (const report of [
      await empty.endpoints(),
      await empty.callers(),
      await empty.caller({ username: 'ada' }),
      await empty.deprecations(),
      await empty.traffic(),
      await empty.errors(),
      await empty.gone(),
      await empty.removal({ routes: [] }),
      await empty.status(),
    ]) {
      expect(renderTable(report)).to.match(/^no service yet · /);
      expect(renderMarkdown(report)).to.match(/^\*\*no service yet · /);
      expect(await renderCsv(report)).to.match(/^[\w,]+\r\n/);
      expect(JSON.parse(await renderJson(report))).to.deep.include({ calls: 0, services: [] });
    }
  });
});
