import { expect } from 'chai';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { isSelected, resolveUsageCountQuery } from '../../src/storage/usage-query.js';
import { DIMENSION_NAMES, type KeyPart, defineSummary, dimensionOf } from '../../src/summary/dimensions.js';
import { ALWAYS } from '../../src/summary/periods.js';
import { type ResolvedSummaryQuery, resolveSummaryQuery } from '../../src/summary/summary-query.js';
import { makeRecord } from '../support/records.js';
import { refusalOf } from '../support/refusal.js';

const OWN = 'by, period, startDate, endDate, orderBy, limit, fresh';
const A_DATE =
  "a valid Date, or ISO 8601 text: a day such as '2026-01-31', or a time with its zone such as '2026-01-31T12:00:00Z'";
const A_PERIOD = "'hour', 'day', 'month', 'total'";
const AN_ORDER =
  "'start', 'hits', 'clientErrors', 'serverErrors', 'aborted', 'bots', 'requestBytes', 'responseBytes', " +
  "'mean', 'max', 'p50', 'p95', 'p99', 'lastDate'";
const A_LIMIT = 'an integer from 1 to 100000';
const A_DIMENSION = `one of ${DIMENSION_NAMES.join(', ')}, or the name of a dimension of defineSummary`;
const A_PART = 'text, a number, true, false or null';

/** Queries, the option that is wrong, its value in the words of the error, and what was expected. */
const REFUSED: readonly (readonly [query: unknown, name: string, value: string, expected: string])[] = [
  [undefined, 'query', 'undefined', "an object such as { by: 'endpoint' }"],
  [null, 'query', 'null', "an object such as { by: 'endpoint' }"],
  ['endpoint', 'query', "'endpoint'", "an object such as { by: 'endpoint' }"],
  [['endpoint'], 'query', "[ 'endpoint' ]", "an object such as { by: 'endpoint' }"],
  [{}, 'by', 'undefined', A_DIMENSION],
  [{ by: 'Endpoint' }, 'by', "'Endpoint'", A_DIMENSION],
  [{ by: 'constructor' }, 'by', "'constructor'", A_DIMENSION],
  [{ by: 5 }, 'by', '5', A_DIMENSION],
  [{ by: 'status', route: '/' }, 'route', "'/'", `one of the options ${OWN}, status`],
  [{ by: 'server', servce: 'a' }, 'servce', "'a'", `one of the options ${OWN}, service`],
  [{ by: 'server', page: 2 }, 'page', '2', `one of the options ${OWN}, service`],
  [{ by: 'caller', period: 'week' }, 'period', "'week'", A_PERIOD],
  [{ by: 'caller', period: 5 }, 'period', '5', A_PERIOD],
  [{ by: 'caller', orderBy: 'name' }, 'orderBy', "'name'", AN_ORDER],
  [{ by: 'caller', orderBy: 'firstDate' }, 'orderBy', "'firstDate'", AN_ORDER],
  [{ by: 'caller', limit: 0 }, 'limit', '0', A_LIMIT],
  [{ by: 'caller', limit: 100_001 }, 'limit', '100001', A_LIMIT],
  [{ by: 'caller', limit: 1.5 }, 'limit', '1.5', A_LIMIT],
  [{ by: 'caller', limit: '5' }, 'limit', "'5'", A_LIMIT],
  [{ by: 'caller', fresh: 1 }, 'fresh', '1', 'true or false'],
  [{ by: 'caller', fresh: 'no' }, 'fresh', "'no'", 'true or false'],
  [{ by: 'caller', startDate: 'yesterday' }, 'startDate', "'yesterday'", A_DATE],
  [{ by: 'caller', startDate: '2026-02-31' }, 'startDate', "'2026-02-31'", A_DATE],
  [{ by: 'caller', endDate: '2026-01-31T12:00' }, 'endDate', "'2026-01-31T12:00'", A_DATE],
  [{ by: 'caller', endDate: 5 }, 'endDate', '5', A_DATE],
  [{ by: 'caller', username: { $ne: null } }, 'username', "{ '$ne': null }", A_PART],
  [{ by: 'caller', username: ['ada'] }, 'username', "[ 'ada' ]", A_PART],
  [{ by: 'status', status: () => 200 }, 'status', '[Function: status]', A_PART],
  [{ by: 'status', status: 5n }, 'status', '5n', A_PART],
  [{ by: 'status', status: Symbol('x') }, 'status', 'Symbol(x)', A_PART],
];

function summaryOf(query: object): ResolvedSummaryQuery {
  return resolveSummaryQuery(query);
}

describe('resolveSummaryQuery', () => {
  it('sums up all of time, and has the 500 keys with the most requests first by default', () => {
    const { dimension, isAsked, ...rest } = summaryOf({ by: 'endpoint' });
    expect(rest).to.deep.equal({
      ...ALWAYS,
      period: 'total',
      orderBy: 'hits',
      limit: 500,
      isFresh: true,
      recordFilters: {},
    });
    expect(dimension).to.equal(dimensionOf('endpoint'));
    expect([isAsked(['a', 'GET', null, null, null]), isAsked(null)]).to.deep.equal([true, true]);
  });

  it('has the earliest period first by default where there are several', () => {
    for (const period of ['hour', 'day', 'month'])
      expect(summaryOf({ by: 'caller', period })).to.include({ period, orderBy: 'start' });
    expect(summaryOf({ by: 'caller', period: 'day', orderBy: 'p95' }).orderBy).to.equal('p95');
  });

  it('takes undefined for an option that is not given', () => {
    const names = ['period', 'startDate', 'endDate', 'orderBy', 'limit', 'fresh', 'username'];
    const query = Object.fromEntries(names.map((name) => [name, undefined]));
    const { isAsked, ...rest } = summaryOf({ by: 'caller', ...query });
    const { isAsked: isAskedByDefault, ...expected } = summaryOf({ by: 'caller' });
    expect(rest).to.deep.equal(expected);
    expect(isAsked(null)).to.equal(isAskedByDefault(null));
  });

  it('takes what is given', () => {
    const query = { startDate: '2026-01-01', endDate: new Date(5), limit: 100_000, fresh: false };
    expect(summaryOf({ by: 'caller', period: 'hour', ...query })).to.include({
      startMs: Date.parse('2026-01-01'),
      endMs: 5,
      limit: 100_000,
      isFresh: false,
      period: 'hour',
    });
    expect(summaryOf({ by: 'caller', limit: 1 }).limit).to.equal(1);
  });

  it('leaves out moments that no record can have', () => {
    const query = { startDate: new Date(-8.64e15), endDate: new Date(8.64e15) };
    expect(summaryOf({ by: 'caller', ...query })).to.include(ALWAYS);
  });

  for (const [query, name, value, expected] of REFUSED) {
    it(`refuses ${name} that is ${value}`, () => {
      const { code, message } = refusalOf(() => resolveSummaryQuery(query));
      expect({ code, message }).to.deep.equal({
        code: 'INVALID_QUERY',
        message: `getSummary: '${name}' is ${value}; expected ${expected}.`,
      });
    });
  }

  it('refuses a query that throws when it is read', () => {
    const query = {
      get by(): string {
        throw new Error('No.');
      },
    };
    const { code, message } = refusalOf(() => resolveSummaryQuery(query));
    expect(code).to.equal('INVALID_QUERY');
    expect(message).to.include("'query' is ").and.include('expected an object that can be read');
  });

  it('reads a dimension of the application’s own by its name, and by what defineSummary returned', () => {
    const tenant = defineSummary({ name: 'specQueryTenant', key: () => 'x' });
    for (const by of [tenant, 'specQueryTenant'])
      expect(summaryOf({ by }).dimension).to.equal(dimensionOf(tenant));
  });
});

describe('resolveSummaryQuery with filters', () => {
  const RECORD = makeRecord({ visitor: 'v-1', ipInfo: { countryCode: 'CH' } });

  for (const name of DIMENSION_NAMES) {
    it(`asks for the keys by ${name} whose parts are as given`, () => {
      const dimension = summaryOf({ by: name }).dimension;
      const key = dimension.keyOf(RECORD) as readonly KeyPart[];
      const all = Object.fromEntries(dimension.parts.map((part, index) => [part, key[index]]));
      expect(summaryOf({ by: name, ...all }).isAsked(key)).to.equal(true);
      for (const [index, part] of dimension.parts.entries()) {
        const { isAsked, recordFilters } = summaryOf({ by: name, [part]: key[index] });
        expect([isAsked(key), isAsked(key.with(index, 'another')), isAsked(null)]).to.deep.equal([
          true,
          false,
          false,
        ]);
        expect(isRead(RECORD, recordFilters), 'the record is read').to.equal(true);
      }
    });
  }

  function isRead(record: UsageRecord, filters: object): boolean {
    return isSelected(record, resolveUsageCountQuery(filters));
  }

  it('has null for a part ask for keys without it', () => {
    const { isAsked, recordFilters } = summaryOf({ by: 'caller', username: null });
    expect([isAsked([null]), isAsked(['null']), isAsked([''])]).to.deep.equal([true, false, false]);
    expect(recordFilters).to.deep.equal({ username: null });
  });

  it('has the reader leave out records of other keys, by the names that it knows', () => {
    const query = { service: 'shop', method: 'GET', route: '/', controller: null, action: 'list' };
    const { service: serverName, ...others } = query;
    expect(summaryOf({ by: 'endpoint', ...query }).recordFilters).to.deep.equal({ serverName, ...others });
    expect(summaryOf({ by: 'status', status: 404 }).recordFilters).to.deep.equal({ status: 404 });
    expect(summaryOf({ by: 'client', browser: 'Firefox' }).recordFilters).to.deep.equal({});
  });

  it('finds nothing by a value that a part cannot have, and is no error', () => {
    for (const query of [
      { by: 'caller', username: 5 },
      { by: 'status', status: true },
      { by: 'server', service: null },
    ]) {
      const { isAsked, recordFilters } = summaryOf(query);
      expect(recordFilters).to.deep.equal({});
      for (const key of [['5'], ['true'], [200], ['null'], ['spec']]) expect(isAsked(key)).to.equal(false);
    }
  });

  it('filters by a dimension of the application’s own, also where its name is that of a field or of every object', () => {
    for (const by of ['username', 'isPrototypeOf', 'valueOf']) {
      defineSummary({ name: by, key: ({ route }) => route });
      const { isAsked, recordFilters } = summaryOf({ by, [by]: '/users/:id' });
      expect([isAsked(['/users/:id']), isAsked(['ada'])]).to.deep.equal([true, false]);
      expect(recordFilters).to.deep.equal({});
      expect(summaryOf({ by }).isAsked(['anything'])).to.equal(true);
    }
  });
});
