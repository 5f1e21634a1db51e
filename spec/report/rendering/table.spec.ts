import { expect } from 'chai';
import { callersReport } from '../../../src/report/callers.js';
import { deprecationsReport } from '../../../src/report/deprecations.js';
import { endpointsReport } from '../../../src/report/endpoints.js';
import { renderCsv } from '../../../src/report/rendering/csv.js';
import { renderJson } from '../../../src/report/rendering/json.js';
import { renderMarkdown } from '../../../src/report/rendering/markdown.js';
import { renderTable } from '../../../src/report/rendering/table.js';
import { trafficReport } from '../../../src/report/traffic.js';
import { foldOnce } from '../../../src/summary/fold.js';
import { SUMMED, repeated } from '../../support/summarized.js';
import { SummarizedStorage } from '../../support/summarized-storage.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import {
  call,
  daysAgo,
  foldSettings,
  registerOf,
  registered,
  sourceOf,
  watched,
} from '../../support/reports.js';

describe('Tables for people', () => {
  it('leave out whole columns for a width, the least telling first, and name them', async () => {
    const row = (route: string) => ({
      ...registered({ route }),
      deprecation: { since: daysAgo(9), sunset: daysAgo(-31.5), replacement: '/v2/users/:id', link: null },
    });
    const storage = new MemoryStorage();
    await storage.store(
      Array.from({ length: 3 }, () => call(1, { username: 'acme', route: '/v1/users/:id' })),
    );
    const source = sourceOf(
      storage,
      registerOf(row('/v1/users/:id'), registered({ route: '/orders/draft' })),
    );
    expect(
      renderTable(await endpointsReport(source), { width: 80 })
        .split('\n')
        .slice(1),
    ).to.deep.equal([
      'VERDICT     ENDPOINT            CALLS  CALLERS  WHY',
      'unused      GET  /orders/draft      0        –  no call in 90 of 90 watched day…',
      'deprecated  GET  /v1/users/:id      3        1  sunset in 31 days, 1 caller',
      'left out for width: ±%, P95, LAST CALL, BY; --json has all',
      '',
    ]);
    expect(
      renderTable(await deprecationsReport(source), { width: 80 })
        .split('\n')
        .slice(1),
    ).to.deep.equal([
      'ENDPOINT            DAYS LEFT  CALLS  CALLERS  LAST CALL  VERDICT     REMOVE',
      'GET  /v1/users/:id         31      3  acme     yesterday  deprecated  no',
      'left out for width: SINCE, SUNSET, ±%, LAST WEEK, REPLACEMENT, WHY; --json has',
      'all',
      '',
    ]);
  });

  it('shorten what strangers wrote where a line has no end, and no sentence of ours', async () => {
    const storage = new MemoryStorage();
    const name = 'n'.repeat(100);
    await storage.store([call(1, { username: name, route: '/users/:id' })]);
    expect(renderTable(await callersReport(sourceOf(storage, null)))).to.include(`\n${'n'.repeat(59)}…  `);
    const keep = 'k'.repeat(100);
    const register = registerOf(registered({ route: '/users/:id', keep }));
    const kept = await endpointsReport(sourceOf(new MemoryStorage(), register));
    expect(renderTable(kept)).to.include(keep);
  });

  it('tell calls that nobody could have seen from none', async () => {
    const storage = new MemoryStorage();
    await storage.store([call(3)]);
    const register = { ...registerOf(registered()), days: watched(2) };
    const report = await trafficReport(sourceOf(storage, register), { days: 5 });
    const calls = renderTable(report)
      .trimEnd()
      .split('\n')
      .slice(3)
      .map((line) => line.split(/ +/)[1]);
    expect(calls).to.deep.equal(['?', '1', '?', '0', '0']);
    expect(report.traffic.map(({ isWatched }) => isWatched)).to.deep.equal([false, false, false, true, true]);
    const { traffic } = await trafficReport(sourceOf(storage, register), { days: 5, period: 'month' });
    expect(traffic.map(({ isWatched }) => isWatched)).to.deep.equal([true]);
    const unknown = await trafficReport(sourceOf(storage, null), { days: 5 });
    expect(unknown.traffic[0]?.isWatched).to.equal(null);
  });

  it('quote names that could be taken for words of ours, for people alone', async () => {
    const names = ['(nobody known)', '(other)', '–', '?', ' ', ' ada', 'ada ', '"x"', '2 others'];
    const storage = new MemoryStorage();
    await storage.store([...names, null].map((username) => call(1, { username })));
    const report = await callersReport(sourceOf(storage, null));
    const lines = renderTable(report).split('\n');
    const markdown = renderMarkdown(report);
    for (const name of names)
      expect(
        lines.filter((line) => line.startsWith(`${JSON.stringify(name)} `)),
        name,
      ).to.have.lengthOf(1);
    expect(lines.filter((line) => line.startsWith('(nobody known) '))).to.have.lengthOf(1);
    for (const name of ['(nobody known)', '"(nobody known)"', '"?"', '" ada"'])
      expect(markdown).to.include(`
| ${name} |`);
    const told = JSON.parse(await renderJson(report)) as { callers: { username: string | null }[] };
    expect(told.callers.map(({ username }) => username)).to.have.members([...names, null]);
  });

  it('tell the row of all others from somebody who is called so', async () => {
    const storage = new SummarizedStorage();
    // Of one slice, and those are met first that came last.
    const names = Array.from({ length: 12 }, (_, index) => (index < 7 ? '(other)' : 'ada'));
    await storage.store(names.map((username, index) => call(2.001 + index * 1e-5, { username })));
    await storage.summaries.settle();
    const dimensions = SUMMED.map((one) =>
      one.name === 'caller' ? Object.assign({}, one, { maxKeys: 1 }) : one,
    );
    const settings = { ...foldSettings(storage.summaries, 'UTC'), dimensions };
    await repeated(() => foldOnce(settings, new AbortController().signal));
    const report = await callersReport(sourceOf(storage, null));
    expect(report.callers.map(({ username, isOther, calls }) => [username, isOther, calls])).to.deep.equal([
      ['(other)', false, 7],
      ['(other)', true, 5],
    ]);
    const [headline, ...lines] = renderTable(report).split('\n');
    expect(headline).to.include(' 1 caller ');
    expect(lines.filter((line) => line.startsWith('"(other)" '))).to.have.lengthOf(1);
    expect(lines.filter((line) => line.startsWith('(other) '))).to.have.lengthOf(1);
    expect(await renderCsv(report))
      .to.include('"(other)",false,7,')
      .and.include('"(other)",true,5,');
  });

  it('list names in a cell so that each can be told from the next', async () => {
    const storage = new MemoryStorage();
    const dates = { since: daysAgo(9), sunset: null, replacement: null, link: null };
    await storage.store(['ada', 'Lovelace, Ada', 'a; b', null].map((username) => call(1, { username })));
    const report = await deprecationsReport(
      sourceOf(storage, registerOf(registered({ deprecation: dates }))),
    );
    const [, cell = ''] = /,"((?:[^"]|"")*nobody(?:[^"]|"")*)",/.exec(await renderCsv(report)) ?? [];
    expect(cell.replaceAll('""', '"').split('; ')).to.have.members([
      'ada',
      '"Lovelace, Ada"',
      '"a',
      'b"',
      '(nobody known)',
    ]);
  });
});
