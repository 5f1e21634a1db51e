import { expect } from 'chai';
import { FIELDS } from '../../src/record/fields.js';
import { FILTERS, type FilterValue, type UsageFilter, classBounds } from '../../src/storage/usage-filters.js';
import { isSelected } from '../../src/storage/usage-query.js';
import { makeRecord } from '../support/records.js';

describe('The filters', () => {
  it('are of kinds that have no order but for statuses, which are numbers', () => {
    const kinds = FILTERS.map((name) => FIELDS[name].kind);
    expect(new Set(kinds)).to.deep.equal(new Set(['text', 'integer', 'boolean']));
    expect(FILTERS.filter((name) => FIELDS[name].kind === 'integer')).to.deep.equal(['status']);
  });
});

describe('isSelected', () => {
  const record = makeRecord({ status: 503, date: new Date('2026-03-01T12:00:00Z'), route: null, bot: true });
  const isMeant = (filters: [UsageFilter, FilterValue][], dates: object = {}): boolean =>
    isSelected(record, { startDate: null, endDate: null, filters: new Map(filters), ...dates });

  it('asks for every filter', () => {
    expect(isMeant([])).to.equal(true);
    expect(isMeant([['bot', true]])).to.equal(true);
    expect(
      isMeant([
        ['bot', true],
        ['route', null],
      ]),
    ).to.equal(true);
    expect(
      isMeant([
        ['bot', true],
        ['route', ''],
      ]),
    ).to.equal(false);
  });

  it('takes any status of a list, and every one of a class', () => {
    for (const status of [503, '5xx', [404, '5xx'], [404, 503], [null, 503]] as const)
      expect(isMeant([['status', status]]), String(status)).to.equal(true);
    for (const status of [500, null, '4xx', [404, '4xx'], [null, 504]] as const)
      expect(isMeant([['status', status]]), String(status)).to.equal(false);
  });

  it('takes no record without a status for one of a class', () => {
    const aborted = makeRecord({ status: null });
    const filters = new Map<UsageFilter, FilterValue>([['status', ['1xx', '2xx']]]);
    expect(isSelected(aborted, { startDate: null, endDate: null, filters })).to.equal(false);
  });

  it('includes the start and excludes the end', () => {
    const { date } = record;
    expect(isMeant([], { startDate: date })).to.equal(true);
    expect(isMeant([], { endDate: date })).to.equal(false);
  });
});

describe('classBounds', () => {
  it('are those of a class, and null for all that is none', () => {
    expect(classBounds('status', '4xx')).to.deep.equal([400, 500]);
    expect([
      classBounds('status', 404),
      classBounds('status', null),
      classBounds('route', '4xx'),
    ]).to.deep.equal([null, null, null]);
  });
});
