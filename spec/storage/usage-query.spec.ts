import { expect } from 'chai';
import { TrackUsageError } from '../../src/errors.js';
import { type UsageQuery, resolveUsageQuery } from '../../src/storage/usage-query.js';
import { thrown } from '../support/caught.js';
import { REFUSED_QUERIES } from '../support/refused-queries.js';

describe('resolveUsageQuery', () => {
  it('has no bounds, no filters and 500 records a page by default', () => {
    const expected = { startDate: null, endDate: null, limit: 500, offset: 0, filters: new Map() };
    expect(resolveUsageQuery()).to.deep.equal(expected);
    expect(resolveUsageQuery({})).to.deep.equal(expected);
    expect(resolveUsageQuery({ startDate: undefined, limit: undefined, method: undefined })).to.deep.equal(
      expected,
    );
  });

  it('turns the page into an offset', () => {
    expect(resolveUsageQuery({ limit: 20, page: 1 })).to.include({ limit: 20, offset: 0 });
    expect(resolveUsageQuery({ limit: 20, page: 3 })).to.include({ limit: 20, offset: 40 });
    expect(resolveUsageQuery({ page: 2 })).to.include({ limit: 500, offset: 500 });
    expect(resolveUsageQuery({ limit: 10_000, page: 1_000_000_000 }).offset).to.equal(9_999_999_990_000);
  });

  for (const [text, iso] of [
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-01-31T12:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:01.5Z', '2026-01-31T12:00:01.500Z'],
    ['2026-01-31T12:00:01.123456789Z', '2026-01-31T12:00:01.123Z'],
    ['2026-01-31T00:30:00+01:00', '2026-01-30T23:30:00.000Z'],
  ]) {
    it(`reads ${text} as the same moment on every machine`, () => {
      expect(resolveUsageQuery({ startDate: text, endDate: text })).to.deep.include({
        startDate: new Date(iso ?? ''),
        endDate: new Date(iso ?? ''),
      });
    });
  }

  it('copies the date, so that changing the given one changes nothing', () => {
    const startDate = new Date('2026-01-31T00:00:00Z');
    const resolved = resolveUsageQuery({ startDate });
    startDate.setUTCFullYear(1999);
    expect(resolved.startDate?.toISOString()).to.equal('2026-01-31T00:00:00.000Z');
  });

  it('keeps null as a filter, and text that is empty', () => {
    const { filters } = resolveUsageQuery({ username: null, route: '', status: 0 });
    expect([...filters]).to.have.deep.members([
      ['username', null],
      ['route', ''],
      ['status', 0],
    ]);
  });

  it('cuts and cleans text as that of records', () => {
    const { filters } = resolveUsageQuery({ route: 'a\0', username: 'x'.repeat(300), action: '\ud800' });
    expect([...filters.values()]).to.have.members(['a\ufffd', '\ufffd', `${'x'.repeat(254)}…`]);
  });

  for (const { query, message } of REFUSED_QUERIES) {
    it(`refuses: ${message.slice(0, 80)}`, async () => {
      const error = await thrown(() => resolveUsageQuery(query as UsageQuery));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_QUERY' });
      expect(error.message).to.equal(message);
    });
  }

  it('shortens a value that is long', async () => {
    const error = await thrown(() => resolveUsageQuery({ startDate: 'x'.repeat(100_000) }));
    expect(error.message.length).to.be.below(400);
  });
});
