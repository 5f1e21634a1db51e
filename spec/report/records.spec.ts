import { expect } from 'chai';
import { FIELD_ENTRIES, USER_AGENT_PARTS } from '../../src/record/fields.js';
import { renderCsv } from '../../src/report/rendering/csv.js';
import { renderJson } from '../../src/report/rendering/json.js';
import { renderMarkdown } from '../../src/report/rendering/markdown.js';
import { renderTable } from '../../src/report/rendering/table.js';
import { UsageReports } from '../../src/report/usage-reports.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught } from '../support/caught.js';
import { NOW, call } from '../support/reports.js';

/** A record that has a value in every field. */
const FULL = call(1, {
  path: '/users/7',
  url: 'http://spec.example/users/7',
  status: 500,
  errorType: 'Error',
  query: { q: ['a', 'b'] },
  params: { id: '=1+1' },
  username: '=HYPERLINK("x")',
  remoteAddr: '192.0.2.1',
  userAgent: { browser: 'Firefox', version: '143.0', platform: 'Linux', language: 'de', string: '@SUM(A1)' },
  ipInfo: { countryCode: 'DE' },
  trackVar: { tenant: 'acme, inc' },
  visitor: 'v',
});

describe('The report of records', () => {
  const storage = new MemoryStorage();
  const reports = new UsageReports(storage, { now: () => NOW.getTime() });

  before(async () => {
    await storage.store([FULL, ...Array.from({ length: 60 }, (_, index) => call(2 + index))]);
  });

  it('lists 50 records unless it is told how many, and goes on by a cursor', async () => {
    const { records, nextCursor, asOf } = await reports.records();
    expect([records.length, records[0], asOf]).to.deep.equal([50, FULL, NOW]);
    const next = await reports.records({ cursor: nextCursor });
    expect([next.records.length, next.nextCursor]).to.deep.equal([11, null]);
    expect((await reports.records({ limit: 3 })).records.length).to.equal(3);
  });

  it('takes the filters of getUsagePage, and refuses others', async () => {
    expect((await reports.records({ status: '5xx' })).records).to.deep.equal([FULL]);
    const error = await caught(reports.records({ days: 3 } as object));
    expect(error).to.include({ code: 'INVALID_QUERY' });
    expect(error.message).to.match(/'days' is 3/);
  });

  it('has all fields in CSV, with formulas guarded', async () => {
    const [head = '', line = ''] = (await renderCsv(await reports.records({ limit: 1 }))).split('\r\n');
    const parts = Object.keys(USER_AGENT_PARTS).map((part) => `userAgent.${part}`);
    expect(head.split(',')).to.deep.equal(
      FIELD_ENTRIES.flatMap(([name]) => (name === 'userAgent' ? parts : [name])),
    );
    for (const field of [
      FULL.id,
      FULL.date.toJSON(),
      `"'=HYPERLINK(""x"")"`,
      `"'@SUM(A1)"`,
      '"{""q"":[""a"",""b""]}"',
      '"{""tenant"":""acme, inc""}"',
    ])
      expect(line).to.include(field);
  });

  it('is a table, Markdown and JSON', async () => {
    const report = await reports.records({ limit: 1 });
    const [headline, titles = ''] = renderTable(report).split('\n');
    expect(headline).to.equal('1 record · dates in UTC');
    expect(titles.split(/ +/)).to.deep.equal(['DATE', 'REQUEST', 'STATUS', 'TIME', 'ACTION', 'BY']);
    expect(renderMarkdown(report)).to.include('| GET /users/7 | 500 |');
    const { records } = JSON.parse(await renderJson(report)) as { records: object[] };
    expect(records).to.deep.equal([JSON.parse(JSON.stringify(FULL))]);
  });
});
