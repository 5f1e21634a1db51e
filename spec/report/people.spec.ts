import { expect } from 'chai';
import { callerReport } from '../../src/report/caller.js';
import { callersReport } from '../../src/report/callers.js';
import { deprecationsReport } from '../../src/report/deprecations.js';
import { endpointsReport } from '../../src/report/endpoints.js';
import { errorsReport } from '../../src/report/errors.js';
import { goneReport } from '../../src/report/gone.js';
import { renderTable } from '../../src/report/rendering/table.js';
import type { ReportSource } from '../../src/report/report-source.js';
import { trafficReport } from '../../src/report/traffic.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { BASKET, BEFORE, OLD, count, inMemory, pick } from '../support/report-world.js';
import { call, daysAgo, registerOf, registered, sourceOf } from '../support/reports.js';

const PEOPLE = { people: true } as const;

/** Whether a record is no crawler's, among some. */
const byPeople =
  (of: (record: UsageRecord) => boolean = () => true) =>
  (record: UsageRecord): boolean =>
    of(record) && !record.bot;

const callsBefore = (of?: (record: UsageRecord) => boolean): number =>
  count(pick({ ...BEFORE, of: byPeople(of) }));

describe('Reports of people alone', () => {
  let source: ReportSource;

  before(async () => {
    ({ source } = await inMemory());
  });

  it('say so, and count no crawlers in calls', async () => {
    const report = await endpointsReport(source, PEOPLE);
    expect([report.people, report.calls]).to.deep.equal([true, count(pick({ of: byPeople() }))]);
    expect(renderTable(report)).to.include(' calls, 0 lost · crawlers not counted in calls');
    const { people, calls } = await endpointsReport(source);
    expect([people, calls]).to.deep.equal([false, count(pick())]);
  });

  it('leave verdicts, errors and percentiles as they are', async () => {
    const all = (await endpointsReport(source)).endpoints;
    const own = (await endpointsReport(source, PEOPLE)).endpoints;
    const kept = ({ verdict, clientErrors, serverErrors, bots, p95Ms, lastCall }: (typeof all)[number]) => [
      verdict,
      clientErrors,
      serverErrors,
      bots,
      p95Ms,
      lastCall,
    ];
    expect(own.map(kept)).to.have.deep.members(all.map(kept));
    const rates = async (options: object) =>
      (await errorsReport(source, options)).errors.map(({ route, errorRate }) => [route, errorRate]);
    expect(await rates(PEOPLE)).to.deep.equal(await rates({}));
  });

  it('count people in traffic, in the span before, and by status', async () => {
    const { total, totalBefore, traffic } = await trafficReport(source, PEOPLE);
    expect([total.calls, total.before]).to.deep.equal([count(pick({ of: byPeople() })), callsBefore()]);
    expect(totalBefore?.calls).to.equal(total.before);
    for (const key of ['calls', 'before'] as const)
      expect(traffic.reduce((sum, row) => sum + (row[key] ?? 0), 0)).to.equal(total[key]);
    const { statuses } = await errorsReport(source, PEOPLE);
    for (const { status, calls } of statuses ?? [])
      expect(calls).to.equal(count(pick({ of: byPeople((record) => record.status === status) })));
  });

  it('count people among callers, in weeks, and since an endpoint is gone', async () => {
    const { callers, calls } = await callersReport(source, PEOPLE);
    expect(callers.reduce((sum, row) => sum + row.calls, 0)).to.equal(calls);
    for (const row of callers) {
      const of = ({ username }: UsageRecord): boolean => username === row.username;
      expect([row.calls, row.before]).to.deep.equal([count(pick({ of: byPeople(of) })), callsBefore(of)]);
    }
    const ofAda = await callerReport(source, { ...PEOPLE, username: 'ada' });
    expect(ofAda.calls).to.equal(callers.find(({ username }) => username === 'ada')?.calls);
    const { deprecations } = await deprecationsReport(source, PEOPLE);
    const basket = deprecations.find(({ route }) => route === '/basket');
    expect(basket?.weeks.reduce((sum, week) => sum + week, 0)).to.equal(
      count(pick({ of: byPeople(BASKET) })),
    );
    const { gone } = await goneReport(source, PEOPLE);
    const since = new Date(daysAgo(40).getTime() + 2 * 3_600_000);
    expect(gone[0]?.calls).to.equal(count(pick({ from: since, of: byPeople(OLD) })));
  });

  it('have no row of a caller who is a crawler alone, and judge an endpoint of crawlers as before', async () => {
    const storage = new MemoryStorage();
    await storage.store([
      call(1, { username: 'crawler', bot: true }),
      call(2, { username: 'crawler', bot: true }),
      call(100, { username: 'crawler', bot: true }),
      call(100, { username: 'ada' }),
      call(1, { username: 'ada', route: '/people' }),
    ]);
    const sourceOfBots = sourceOf(
      storage,
      registerOf(registered(), registered({ route: '/people' }), registered({ route: '/nobody' })),
    );
    const { callers, callersBefore } = await callersReport(sourceOfBots, PEOPLE);
    expect([callers.map(({ username }) => username), callersBefore]).to.deep.equal([['ada'], 1]);
    const { endpoints } = await endpointsReport(sourceOfBots, PEOPLE);
    expect(
      endpoints.map(({ route, verdict, calls, callers: names }) => [route, verdict, calls, names]),
    ).to.deep.equal([
      ['/nobody', 'unused', 0, 0],
      ['/users/:id', 'bots-only', 0, 0],
      ['/people', 'used', 1, 1],
    ]);
  });
});
