import { FILTERS } from '../../storage/usage-query.js';

/** A query that no storage takes, and what it says. */
export interface RefusedQuery {
  readonly query: unknown;
  readonly message: string;
}

const LIMIT = 'an integer from 1 to 10000';
const PAGE = 'an integer from 1 to 1000000000';
const DATE =
  "a valid Date, or ISO 8601 text: a day such as '2026-01-31', or a time with its zone such as '2026-01-31T12:00:00Z'";
/** What is expected of a cursor. */
export const CURSOR =
  'null for the first page, or the nextCursor of the page before as it was given, ' +
  'together with the same startDate, endDate and filters';

/** The methods that take a query, and the options that only they have. */
const OWN_OPTIONS = {
  getUsage: ['limit', 'page'],
  getUsagePage: ['limit', 'cursor'],
  countUsage: [],
  streamUsage: ['batchSize'],
} as const;

/** A method of a storage that takes a query. */
export type QueryMethod = keyof typeof OWN_OPTIONS;

/** All of them. */
export const QUERY_METHODS = Object.keys(OWN_OPTIONS) as readonly QueryMethod[];

/** Makes the refusal of one value for one option, as a method words it. */
type Refused = (name: string, value: unknown, shown: string, expected: string) => RefusedQuery;

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

const NO_CURSORS: readonly (readonly [unknown, string])[] = [
  ['', "''"],
  ['2', "'2'"],
  [2, '2'],
  [true, 'true'],
  [{}, '{}'],
  [['a'], "[ 'a' ]"],
  ['eyJkYXRlIjoiMjAyNi0wMS0wMSJ9', "'eyJkYXRlIjoiMjAyNi0wMS0wMSJ9'"],
  ['<script>', "'<script>'"],
  ['x'.repeat(5000), `'${'x'.repeat(80)}'... 4920 more characters`],
];

const NO_OBJECTS: readonly (readonly [unknown, string])[] = [
  [null, 'null'],
  ['GET', "'GET'"],
  [5, '5'],
  [[], '[]'],
];

function refusedFilters(refused: Refused): RefusedQuery[] {
  return [
    ...['route', 'controller', 'action', 'username'].flatMap((name) =>
      NO_TEXTS.map(([value, shown]) => refused(name, value, shown, 'text or null')),
    ),
    ...NO_TEXTS.map(([value, shown]) => refused('method', value, shown, 'text')),
    refused('method', null, 'null', 'text'),
    refused('status', '200', "'200'", 'an integer or null'),
    refused('status', 1.5, '1.5', 'an integer or null'),
    refused('status', NaN, 'NaN', 'an integer or null'),
    refused('status', { $gte: 0 }, "{ '$gte': 0 }", 'an integer or null'),
  ];
}

function refusedNames(refused: Refused, names: readonly string[]): RefusedQuery[] {
  const absent = ['limit', 'page', 'cursor', 'batchSize'].filter((name) => !names.includes(name));
  const expected = `one of the options ${names.join(', ')}`;
  return [
    refused('statuss', 200, '200', expected),
    refused('start_date', '2026-01-01', "'2026-01-01'", expected),
    refused('$or', [], '[]', expected),
    refused('path', '/', "'/'", expected),
    ...absent.map((name) => refused(name, 1, '1', expected)),
  ];
}

function refusedIntegers(refused: Refused, own: readonly string[]): RefusedQuery[] {
  const bounds: readonly (readonly [name: string, tooMany: number, expected: string])[] = [
    ['limit', 10_001, LIMIT],
    ['page', 1_000_000_001, PAGE],
    ['batchSize', 10_001, LIMIT],
  ];
  return bounds
    .filter(([name]) => own.includes(name))
    .flatMap(([name, tooMany, expected]) =>
      [...NO_INTEGERS, [tooMany, String(tooMany)] as const].map(([value, shown]) =>
        refused(name, value, shown, expected),
      ),
    );
}

/** Queries that every storage refuses alike, by the method that is asked. */
export function refusedQueries(method: QueryMethod): RefusedQuery[] {
  const own: readonly string[] = OWN_OPTIONS[method];
  const names = ['startDate', 'endDate', ...own, ...FILTERS];
  const refused: Refused = (name, value, shown, expected) => ({
    query: { [name]: value },
    message: `${method}: '${name}' is ${shown}; expected ${expected}.`,
  });
  return [
    ...NO_DATES.flatMap(([value, shown]) => [
      refused('startDate', value, shown, DATE),
      refused('endDate', value, shown, DATE),
    ]),
    ...refusedIntegers(refused, own),
    ...(own.includes('cursor')
      ? NO_CURSORS.map(([value, shown]) => refused('cursor', value, shown, CURSOR))
      : []),
    ...refusedFilters(refused),
    ...refusedNames(refused, names),
    ...NO_OBJECTS.map(([query, shown]) => ({
      query,
      message: `${method}: 'query' is ${shown}; expected an object.`,
    })),
  ];
}
