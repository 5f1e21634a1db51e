import { expect } from 'chai';
import { callersReport } from '../../src/report/callers.js';
import { deprecationsReport } from '../../src/report/deprecations.js';
import { endpointsReport } from '../../src/report/endpoints.js';
import { errorsReport } from '../../src/report/errors.js';
import { goneReport } from '../../src/report/gone.js';
import type { ReportSource } from '../../src/report/report-source.js';
import { statusReport } from '../../src/report/status.js';
import { trafficReport } from '../../src/report/traffic.js';
import { renderTable } from '../../src/report/rendering/table.js';
import { sealBefore } from '../../src/summary/seal.js';
import { caught } from '../support/caught.js';
import { RECORDS, REGISTER, count, pick } from '../support/report-world.js';
import { NOW, foldAll, foldSettings, sourceOf } from '../support/reports.js';
import { repeated } from '../support/summarized.js';
import { SummarizedStorage } from '../support/summarized-storage.js';

const { signal } = new AbortController();
const DAY_MS = 86_400_000;

/** The beginning of the first day whose records are kept. */
const CUT = new Date('2026-05-31T00:00:00Z');

/** The end of the last day before that with requests. */
const NAMELESS = new Date('2026-05-24T00:00:00Z');

/** A storage of all records, of which retention keeps 30 days. */
async function pruned(timeZone: string): Promise<{ storage: SummarizedStorage; source: ReportSource }> {
  const storage = new SummarizedStorage();
  await storage.store(RECORDS);
  await foldAll(storage.summaries, timeZone);
  const settings = { ...foldSettings(storage.summaries, timeZone), now: () => NOW.getTime() };
  const kept = { daysMs: 700 * DAY_MS, callersMs: 30 * DAY_MS };
  const { untilMs } = await repeated(() => sealBefore(settings, kept, CUT.getTime(), signal));
  await storage.deleteBefore(new Date(untilMs ?? 0), Infinity);
  return { storage, source: sourceOf(storage, REGISTER) };
}

describe('Reports where retention keeps records for less than the span', () => {
  let source: ReportSource;
  let whole: ReportSource;

  before(async () => {
    ({ source } = await pruned('UTC'));
    const storage = new SummarizedStorage();
    await storage.store(RECORDS);
    whole = sourceOf(storage, REGISTER);
  });

  it('tell what they did before, but for callers', async () => {
    const [told, before] = [await endpointsReport(source), await endpointsReport(whole)];
    expect(told.callersSince).to.deep.equal(NAMELESS);
    for (const [index, row] of told.endpoints.entries()) {
      const { callers, topCaller, reason, before: callsBefore, ...rest } = row;
      expect(before.endpoints[index]).to.deep.include(rest);
      // The span before ends with a day of which only the whole can be told.
      expect(callsBefore).to.be.at.least(before.endpoints[index]?.before ?? 0);
      const own = pick({
        from: CUT,
        of: ({ serverName, route }) => serverName === row.service && route === row.route,
      });
      const names = own.flatMap(({ username }) => (username === null ? [] : [username]));
      expect(callers).to.equal(new Set(names).size);
      expect([reason, topCaller]).to.not.include(undefined);
    }
    const { deprecations } = await deprecationsReport(source);
    expect(deprecations.map(({ weeks }) => weeks)).to.deep.equal(
      (await deprecationsReport(whole)).deprecations.map(({ weeks }) => weeks),
    );
    expect((await errorsReport(source)).statuses).to.deep.equal((await errorsReport(whole)).statuses);
    const ofGone = await goneReport(source);
    expect(ofGone.gone.map(({ route }) => route)).to.deep.equal(['/old']);
  });

  it('tell by the day what is sealed', async () => {
    const [told, before] = [await trafficReport(source), await trafficReport(whole)];
    expect(told.traffic.map(({ calls, p95Ms }) => [calls, p95Ms])).to.deep.equal(
      before.traffic.map(({ calls, p95Ms }) => [calls, p95Ms]),
    );
  });

  it('tell of callers since names are kept, and that no others are told', async () => {
    const { callers, callersBefore, callersSince, calls } = await callersReport(source);
    expect(callersBefore).to.equal(null);
    expect(callersSince).to.deep.equal(NAMELESS);
    expect(callers.reduce((sum, row) => sum + row.calls, 0)).to.equal(count(pick({ from: CUT })));
    expect(calls).to.equal(count(pick()));
    const old = await endpointsReport(source, { from: '2026-05-01', to: '2026-05-20' });
    const called = old.endpoints.filter((row) => row.calls > 0);
    expect(called.length).to.be.above(2);
    expect(called.map((row) => row.callers)).to.deep.equal(called.map(() => null));
  });

  it('leave out the periods of one caller of which nothing is told', async () => {
    const { traffic, callersSince, total } = await trafficReport(source, { username: 'ada' });
    expect([traffic[0]?.start, total.before]).to.deep.equal([callersSince, null]);
    const own = pick({ from: NAMELESS, of: ({ username }) => username === 'ada' });
    expect([traffic.at(-1)?.start, total.calls]).to.deep.equal([
      new Date('2026-06-30T00:00:00Z'),
      count(own),
    ]);
  });

  it('say how far records and summaries reach', async () => {
    const report = await statusReport(source);
    const { sealedUntil, foldedUntil, callersSince } = report;
    expect(renderTable(report)).to.match(/only summaries are complete before 2026-/);
    expect([sealedUntil, callersSince]).to.deep.equal([CUT, NAMELESS]);
    expect(Number(foldedUntil)).to.be.above(CUT.getTime());
  });

  it('refuse an end within a day of which only the whole can be told', async () => {
    const error = await caught(endpointsReport(source, { to: '2026-05-20T10:00:00Z' }));
    expect(error).to.include({ code: 'INVALID_QUERY' });
    expect(error.message).to.equal(
      "endpoints: 'to' is within the day from 2026-05-20T00:00:00.000Z to 2026-05-21T00:00:00.000Z (UTC), which is sealed: " +
        'only the whole of it can be told. Give its beginning or its end.',
    );
  });

  it('count days in the time zone of the summaries', async () => {
    const { storage } = await pruned('Asia/Tokyo');
    const report = await trafficReport(sourceOf(storage, null), { days: 90 });
    expect(report).to.deep.include({
      timeZone: 'Asia/Tokyo',
      from: new Date('2026-04-01T15:00:00Z'),
      days: 90,
    });
    for (const { start, calls } of report.traffic) {
      expect(start.toJSON().slice(11)).to.equal('15:00:00.000Z');
      expect(calls).to.equal(count(pick({ from: start, to: new Date(Number(start) + DAY_MS) })));
    }
  });

  for (const [timeZone, from, to] of [
    ['America/New_York', '2026-05-01T04:00:00Z', '2026-05-20T04:00:00Z'],
    ['Pacific/Auckland', '2026-04-30T12:00:00Z', '2026-05-19T12:00:00Z'],
  ] as const) {
    it(`take a day without a time of day for one of ${timeZone}, where days are sealed too`, async () => {
      const { storage } = await pruned(timeZone);
      const report = await trafficReport(sourceOf(storage, null), { from: '2026-05-01', to: '2026-05-20' });
      const span = { from: new Date(from), to: new Date(to) };
      expect(report).to.deep.include({ ...span, timeZone, days: 19, calls: count(pick(span)) });
      const moments = await trafficReport(sourceOf(storage, null), { from, to });
      expect(moments).to.deep.equal(report);
      const midnight = trafficReport(sourceOf(storage, null), { to: new Date('2026-05-20') });
      expect((await caught(midnight)).message).to.match(/^traffic: 'to' is within the day/);
    });
  }
});
