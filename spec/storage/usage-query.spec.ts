import { expect } from 'chai';
import { TrackUsageError } from '../../src/errors.js';
import { encodeCursor } from '../../src/storage/usage-cursor.js';
import {
  type UsagePageQuery,
  type UsageQuery,
  resolveUsageCountQuery,
  resolveUsagePageQuery,
  resolveUsageQuery,
  resolveUsageStreamQuery,
  scopeOf,
} from '../../src/storage/usage-query.js';
import type { StatusFilter } from '../../src/storage/usage-filters.js';
import { thrown } from '../support/caught.js';
import { refusedQueries } from '../../src/testing/contract/refused-queries.js';
import { refusalOf } from '../support/refusal.js';

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

  it('keeps a list of statuses in an order of its own, each once, and one status as itself', () => {
    const statusOf = (status: UsageQuery['status']): unknown =>
      resolveUsageQuery({ status }).filters.get('status');
    expect(statusOf(['5xx', 404, null, 404, '2xx'])).to.deep.equal(statusOf([null, '2xx', '5xx', 404]));
    expect(statusOf(['5xx', 404, 404])).to.have.members([404, '5xx']);
    expect([statusOf(['5xx', '5xx']), statusOf([404]), statusOf([null])]).to.deep.equal(['5xx', 404, null]);
  });

  it('copies a list of statuses, so that changing the given one changes nothing', () => {
    const status: StatusFilter[] = [404, 500];
    const { filters } = resolveUsageQuery({ status });
    status.push('2xx');
    expect(filters.get('status')).to.deep.equal([404, 500]);
  });

  it('cuts and cleans text as that of records', () => {
    const { filters } = resolveUsageQuery({ route: 'a\0', username: 'x'.repeat(300), action: '\ud800' });
    expect([...filters.values()]).to.have.members(['a\ufffd', '\ufffd', `${'x'.repeat(254)}…`]);
  });

  for (const { query, message } of refusedQueries('getUsage')) {
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

describe('resolveUsagePageQuery', () => {
  const id = '019a4b3c-0000-7000-8000-000000000000';
  const dates = { startDate: '2026-03-01', endDate: '2026-03-02' };
  const cursorOf = (date: string, query: UsagePageQuery): string =>
    encodeCursor({ date: new Date(date), id }, scopeOf(resolveUsagePageQuery(query)));

  it('begins with the first page of 500 by default', () => {
    const expected = { startDate: null, endDate: null, limit: 500, after: null, filters: new Map() };
    expect(resolveUsagePageQuery()).to.deep.equal(expected);
    expect(resolveUsagePageQuery({ cursor: undefined })).to.deep.equal(expected);
    expect(resolveUsagePageQuery({ cursor: null, limit: 7 })).to.deep.equal({ ...expected, limit: 7 });
  });

  it('resolves a cursor to the place that the page comes after', () => {
    const cursor = cursorOf('2026-03-01T12:00:00.123Z', dates);
    const { after } = resolveUsagePageQuery({ ...dates, cursor });
    expect(after).to.deep.equal({ date: new Date('2026-03-01T12:00:00.123Z'), id });
  });

  it('takes a cursor at the first and at the last millisecond of the dates', () => {
    for (const date of ['2026-03-01T00:00:00.000Z', '2026-03-01T23:59:59.999Z']) {
      expect(resolveUsagePageQuery({ ...dates, cursor: cursorOf(date, dates) }).after?.id).to.equal(id);
    }
  });

  it('refuses a cursor that leaves the dates, also when its checksum is right', () => {
    for (const date of ['2026-02-28T23:59:59.999Z', '2026-03-02T00:00:00.000Z', '2099-01-01T00:00:00.000Z']) {
      const error = refusalOf(() => resolveUsagePageQuery({ ...dates, cursor: cursorOf(date, dates) }));
      expect(error).to.include({ code: 'INVALID_QUERY' });
      expect(error.message).to.include("'cursor' is").and.include('the same startDate, endDate and filters');
    }
  });
});

describe('resolveUsageCountQuery', () => {
  it('has no bounds and no filters by default, and keeps those that are given', () => {
    expect(resolveUsageCountQuery()).to.deep.equal({ startDate: null, endDate: null, filters: new Map() });
    expect(resolveUsageCountQuery({ endDate: '2026-01-31', status: null })).to.deep.equal({
      startDate: null,
      endDate: new Date('2026-01-31T00:00:00Z'),
      filters: new Map([['status', null]]),
    });
  });
});

describe('resolveUsageStreamQuery', () => {
  it('reads 500 records at a time by default', () => {
    const expected = { startDate: null, endDate: null, filters: new Map(), batchSize: 500 };
    expect(resolveUsageStreamQuery()).to.deep.equal(expected);
    expect(resolveUsageStreamQuery({ batchSize: 10_000 })).to.deep.equal({ ...expected, batchSize: 10_000 });
  });
});

describe('A query that throws when it is read', () => {
  const fail = (): never => {
    throw new RangeError('not to be read');
  };
  const { proxy: revoked, revoke } = Proxy.revocable<object>({}, {});
  revoke();
  const unreadable: readonly (readonly [what: string, value: object])[] = [
    ['a proxy whose values throw', new Proxy({}, { get: fail })],
    ['a proxy whose names throw', new Proxy({}, { ownKeys: fail })],
    [
      'a proxy whose every trap throws',
      new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail }),
    ],
    ['a proxy that was revoked', revoked],
  ];
  const resolvers = [
    resolveUsageQuery,
    resolveUsagePageQuery,
    resolveUsageCountQuery,
    resolveUsageStreamQuery,
  ];

  for (const [what, query] of unreadable) {
    it(`is refused where it is ${what}`, () => {
      for (const resolve of resolvers) {
        const { code, message } = refusalOf(() => resolve(query));
        expect(code).to.equal('INVALID_QUERY');
        expect(message).to.match(/^\w+: 'query' is .*; expected an object that can be read\.$/);
      }
    });

    it(`is refused by the date's name where a date is ${what}`, () => {
      for (const resolve of resolvers) {
        const { code, message } = refusalOf(() => resolve({ startDate: query as Date }));
        expect(code).to.equal('INVALID_QUERY');
        expect(message).to.match(/^\w+: 'startDate' is /);
      }
    });
  }

  it('keeps what was thrown', () => {
    const query = {
      get limit(): number {
        return fail();
      },
    };
    expect(refusalOf(() => resolveUsageQuery(query)).cause).to.be.instanceOf(RangeError);
  });
});

describe('scopeOf', () => {
  it('is the same for the same dates and filters, in whatever order and form', () => {
    const scope = scopeOf(resolveUsageCountQuery({ startDate: '2026-03-01', route: '/a', status: null }));
    const startDate = new Date('2026-03-01T00:00:00Z');
    const same = resolveUsageStreamQuery({ status: null, route: '/a', startDate, action: undefined });
    expect(scopeOf(same)).to.equal(scope);
  });

  it('is the same for the same statuses, in whatever order and however often', () => {
    const scope = scopeOf(resolveUsageCountQuery({ status: [404, '5xx', null] }));
    expect(scopeOf(resolveUsageCountQuery({ status: ['5xx', null, 404, '5xx'] }))).to.equal(scope);
    const one = scopeOf(resolveUsageCountQuery({ status: 404 }));
    expect(scopeOf(resolveUsageCountQuery({ status: [404, 404] }))).to.equal(one);
  });

  it('tells apart what is left out, null and text, and one filter from another', () => {
    const queries = [
      {},
      { route: null },
      { route: '' },
      { route: 'null' },
      { action: null },
      { username: '1' },
    ];
    const more: UsagePageQuery[] = [
      { status: '5xx' },
      { status: 5 },
      { status: [5, '5xx'] },
      { status: [null, '5xx'] },
      { bot: true },
      { bot: false },
      { path: '1' },
      { visitor: null },
      { serverName: '' },
      { status: 1 },
      { status: null },
      { startDate: '2026-01-01' },
      { endDate: '2026-01-01' },
    ];
    const scopes = [...queries, ...more].map((query) => scopeOf(resolveUsageCountQuery(query)));
    expect(new Set(scopes).size).to.equal(scopes.length);
  });
});
