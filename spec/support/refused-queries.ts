/** A query that no storage takes, and what it says. */
export interface RefusedQuery {
  readonly query: unknown;
  readonly message: string;
}

const LIMIT = 'an integer from 1 to 10000';
const PAGE = 'an integer from 1 to 1000000000';
const DATE = "a valid Date or ISO 8601 text such as '2026-01-31' or '2026-01-31T12:00:00Z'";
const NAMES =
  'one of the options startDate, endDate, limit, page, route, controller, action, status, method, username';

function refused(name: string, value: unknown, shown: string, expected: string): RefusedQuery {
  return { query: { [name]: value }, message: `getUsage: '${name}' is ${shown}; expected ${expected}.` };
}

const NO_DATES: readonly (readonly [unknown, string])[] = [
  ['2026-02-31', "'2026-02-31'"],
  ['2025-02-29', "'2025-02-29'"],
  ['2026-13-01', "'2026-13-01'"],
  ['2026-00-10', "'2026-00-10'"],
  ['2026-01-00', "'2026-01-00'"],
  ['2026-02-31T00:00:00Z', "'2026-02-31T00:00:00Z'"],
  ['2026-01-31T25:00:00Z', "'2026-01-31T25:00:00Z'"],
  ['2026-01-31T12:61:00Z', "'2026-01-31T12:61:00Z'"],
  ['2026-01-31T12:00:00', "'2026-01-31T12:00:00'"],
  ['2026-01-31 12:00:00Z', "'2026-01-31 12:00:00Z'"],
  ['2026-1-31', "'2026-1-31'"],
  ['31.01.2026', "'31.01.2026'"],
  ['yesterday', "'yesterday'"],
  ['', "''"],
  [' 2026-01-31', "' 2026-01-31'"],
  ['2026-01-31\n', String.raw`'2026-01-31\n'`],
  [new Date(NaN), 'Invalid Date'],
  [5, '5'],
  [null, 'null'],
  [true, 'true'],
  [['2026-01-31'], "[ '2026-01-31' ]"],
  [{ $gt: new Date(0) }, "{ '$gt': 1970-01-01T00:00:00.000Z }"],
];

const NO_INTEGERS: readonly (readonly [unknown, string])[] = [
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  ['5', "'5'"],
  [5n, '5n'],
  [[5], '[ 5 ]'],
];

const NO_TEXTS: readonly (readonly [unknown, string])[] = [
  [{ $ne: null }, "{ '$ne': null }"],
  [['a'], "[ 'a' ]"],
  [5, '5'],
  [true, 'true'],
  [Symbol('x'), 'Symbol(x)'],
];

/** Queries that every storage refuses alike. */
export const REFUSED_QUERIES: readonly RefusedQuery[] = [
  ...NO_DATES.flatMap(([value, shown]) => [
    refused('startDate', value, shown, DATE),
    refused('endDate', value, shown, DATE),
  ]),
  ...NO_INTEGERS.map(([value, shown]) => refused('limit', value, shown, LIMIT)),
  ...NO_INTEGERS.map(([value, shown]) => refused('page', value, shown, PAGE)),
  refused('limit', 10_001, '10001', LIMIT),
  refused('page', 1_000_000_001, '1000000001', PAGE),
  ...['route', 'controller', 'action', 'username'].flatMap((name) =>
    NO_TEXTS.map(([value, shown]) => refused(name, value, shown, 'text or null')),
  ),
  ...NO_TEXTS.map(([value, shown]) => refused('method', value, shown, 'text')),
  refused('method', null, 'null', 'text'),
  refused('status', '200', "'200'", 'an integer or null'),
  refused('status', 1.5, '1.5', 'an integer or null'),
  refused('status', NaN, 'NaN', 'an integer or null'),
  refused('status', { $gte: 0 }, "{ '$gte': 0 }", 'an integer or null'),
  refused('statuss', 200, '200', NAMES),
  refused('start_date', '2026-01-01', "'2026-01-01'", NAMES),
  refused('$or', [], '[]', NAMES),
  refused('path', '/', "'/'", NAMES),
  { query: null, message: "getUsage: 'query' is null; expected an object." },
  { query: 'GET', message: "getUsage: 'query' is 'GET'; expected an object." },
  { query: 5, message: "getUsage: 'query' is 5; expected an object." },
  { query: [], message: "getUsage: 'query' is []; expected an object." },
];
