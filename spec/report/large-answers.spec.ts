import { expect } from 'chai';
import { endpointsReport } from '../../src/report/endpoints.js';
import { trafficReport } from '../../src/report/traffic.js';
import type { SummaryQuery, UsageSummary } from '../../src/storage/usage-summary.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught } from '../support/caught.js';
import { call, sourceOf } from '../support/reports.js';

/** A storage whose answers hold as few rows as the caller says, where others hold 100,000. */
class ShortAnswers extends MemoryStorage {
  readonly #rows: number;

  constructor(rows: number) {
    super();
    this.#rows = rows;
  }

  override getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>> {
    return super.getSummary({ ...query, limit: this.#rows });
  }
}

describe('Reports of more than one answer holds', () => {
  it('say of no endpoint that nobody calls it, where callers are left out', async () => {
    const callersOf = async (rows: number) => {
      const storage = new ShortAnswers(rows);
      await storage.store([
        ...['ada', 'bolt'].flatMap((username) => [call(1, { username }), call(2, { username })]),
        call(1, { route: '/rare', username: 'ada' }),
      ]);
      const { endpoints } = await endpointsReport(sourceOf(storage, null));
      return endpoints.map(({ route, callers, reason }) => [route, callers, reason]);
    };
    expect(await callersOf(3)).to.deep.equal([
      ['/rare', 1, '1 call, 1 caller'],
      ['/users/:id', 2, '4 calls, 2 callers'],
    ]);
    expect(await callersOf(2)).to.deep.equal([
      ['/rare', null, '1 call, callers not told'],
      ['/users/:id', null, '4 calls, callers not told'],
    ]);
  });

  it('show no part of the traffic as the whole', async () => {
    const storage = new ShortAnswers(2);
    await storage.store([call(1), call(2), call(3)]);
    const error = await caught(trafficReport(sourceOf(storage, null), { period: 'day' }));
    expect(error).to.include({ code: 'INVALID_QUERY' });
    expect(error.message).to.match(/^traffic: there are more than 2 rows, one for each period and service/);
    expect((await trafficReport(sourceOf(storage, null), { period: 'month' })).total.calls).to.equal(3);
  });
});
