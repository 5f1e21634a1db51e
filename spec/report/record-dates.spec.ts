import { expect } from 'chai';
import { recordDatesOf } from '../../src/report/records.js';
import { UsageReports } from '../../src/report/usage-reports.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught } from '../support/caught.js';
import { NOW } from '../support/reports.js';

describe('The dates of records', () => {
  it('are the moments that they are in a report', async () => {
    const reports = new UsageReports(new MemoryStorage(), { now: () => NOW.getTime() });
    for (const [from, to] of [
      ['2026-05-01', '2026-06-01'],
      ['2026-05-01T13:00:00Z', '2026-06-01T13:00:00Z'],
    ] as const) {
      const report = await reports.status({ from, to });
      expect(recordDatesOf({ from, to }, 'UTC')).to.deep.equal({
        startDate: report.from,
        endDate: report.to,
      });
    }
  });

  it('begin when days do in the time zone of the summaries', () => {
    expect(recordDatesOf({ from: '2026-05-01', to: '2026-06-01' }, 'Europe/Berlin')).to.deep.equal({
      startDate: new Date('2026-04-30T22:00:00Z'),
      endDate: new Date('2026-05-31T22:00:00Z'),
    });
    expect(recordDatesOf({}, 'Europe/Berlin')).to.deep.equal({ startDate: undefined, endDate: undefined });
  });

  it('are refused by the names that were given', async () => {
    const error = await caught(Promise.resolve().then(() => recordDatesOf({ from: 'yesterday' }, 'UTC')));
    expect(error).to.include({ code: 'INVALID_QUERY' });
    expect(error.message).to.match(/^records: 'from' is 'yesterday'/);
  });
});
