import assert from 'node:assert/strict';
import { show } from '../../option-reader.js';
import { FILTERS } from '../../storage/usage-filters.js';
import type { UsagePageQuery } from '../../storage/usage-query.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { rejection, rejectsWith } from './assertions.js';
import { makeRecord, makeRecords } from './records.js';
import { idsOf, storeAll } from './steps.js';
import { type ContractCheck, check } from './subject.js';

/** The methods that take a query, and the options that only they have. */
const OWN_OPTIONS = {
  getUsage: ['limit', 'page'],
  getUsagePage: ['limit', 'cursor'],
  countUsage: [],
  streamUsage: ['batchSize'],
} as const;

type QueryMethod = keyof typeof OWN_OPTIONS;

const A_DATE =
  "a valid Date, or ISO 8601 text: a day such as '2026-01-31', or a time with its zone such as '2026-01-31T12:00:00Z'";
const A_CURSOR =
  'null for the first page, or the nextCursor of the page before as it was given, ' +
  'together with the same startDate, endDate and filters';

const A_STATUS = "an integer, a class such as '5xx', null, or a list of 1 to 100 of these";

const NO_DAYS = ['2026-02-31', '2025-02-29', '2026-13-01', '2026-00-10', '2026-01-00', '2026-1-31'];
const NO_TIMES = ['2026-02-31T00:00:00Z', '2026-01-31T25:00:00Z', '2026-01-31T12:61:00Z'];
const NO_ISO_8601 = ['31.01.2026', 'yesterday', '', ' 2026-01-31', '2026-01-31\n', '2026-01-31 12:00:00Z'];
const NO_DATES = [new Date(NaN), 5, null, true, ['2026-01-31'], { $gt: new Date(0) }];
const NO_INTEGERS = [0, -1, 1.5, NaN, Infinity, '5', 5n, [5]];
const NO_TEXTS = [{ $ne: null }, ['a'], 5, true, Symbol('x')];
const NO_CLASSES = ['200', '', '6xx', '0xx', '5XX', '5xx ', 'xx', '5xx\n'];
const NO_STATUSES = [1.5, NaN, Infinity, 5n, true, Symbol('x'), { $gte: 0 }, new String('5xx')];
const HOLE = Object.assign([200], { length: 2 });
const NO_STATUS_LISTS = [
  [],
  [[]],
  [undefined],
  ['5xx', '6xx'],
  [200, { $gte: 0 }],
  Array(101).fill(200),
  HOLE,
];
const NO_CURSOR_TEXTS = ['', '2', 'eyJkYXRlIjoiMjAyNi0wMS0wMSJ9', '<script>', 'x'.repeat(5000)];

/** Values that no storage takes, by the options that they are given for, and what is expected instead. */
const WRONG_VALUES: readonly (readonly [
  options: readonly string[],
  values: readonly unknown[],
  expected: string,
])[] = [
  [['startDate', 'endDate'], [...NO_DAYS, ...NO_TIMES, ...NO_ISO_8601], A_DATE],
  [['startDate', 'endDate'], ['2026-01-31T12:00:00', ...NO_DATES], A_DATE],
  [['limit', 'batchSize'], [...NO_INTEGERS, 10_001], 'an integer from 1 to 10000'],
  [['page'], [...NO_INTEGERS, 1_000_000_001], 'an integer from 1 to 1000000000'],
  [['cursor'], [...NO_CURSOR_TEXTS, 2, true, {}, ['a']], A_CURSOR],
  [['route', 'controller', 'action', 'username', 'visitor'], NO_TEXTS, 'text or null'],
  [['method', 'path', 'serverName'], [...NO_TEXTS, null], 'text'],
  [['bot'], ['true', 1, 0, null, [true], { $ne: true }], 'true or false'],
  [['status'], [...NO_CLASSES, ...NO_STATUSES, ...NO_STATUS_LISTS], A_STATUS],
];

/** Options that no method has. */
const UNKNOWN_OPTIONS = { statuss: 200, start_date: '2026-01-01', $or: [], url: '/' };

/** A query that no storage takes, and the message that refuses it. */
interface RefusedQuery {
  readonly query: unknown;
  readonly message: string;
}

/** Queries that every storage refuses alike, by the method that is asked. */
export function refusedQueries(method: QueryMethod): RefusedQuery[] {
  const names = ['startDate', 'endDate', ...OWN_OPTIONS[method], ...FILTERS];
  const foreign = Object.values(OWN_OPTIONS).flatMap((own) => own.filter((name) => !names.includes(name)));
  const unknown = { ...UNKNOWN_OPTIONS, ...Object.fromEntries(foreign.map((name) => [name, 1])) };
  const refused = (query: unknown, name: string, value: unknown, expected: string): RefusedQuery => {
    return { query, message: `${method}: '${name}' is ${show(value)}; expected ${expected}.` };
  };
  return [
    ...WRONG_VALUES.flatMap(([options, values, expected]) =>
      options
        .filter((name) => names.includes(name))
        .flatMap((name) => values.map((value) => refused({ [name]: value }, name, value, expected))),
    ),
    ...Object.entries(unknown).map(([name, value]) =>
      refused({ [name]: value }, name, value, `one of the options ${names.join(', ')}`),
    ),
    ...[null, 'GET', 5, []].map((query) => refused(query, 'query', query, 'an object')),
  ];
}

/** Asks a method. An error that it throws instead of rejecting is not caught. */
function ask({ reader }: ReadableUsageStorage, method: QueryMethod, query: unknown): Promise<unknown> {
  // A stream that waited for its first record would be refused when an answer has long begun.
  if (method === 'streamUsage') return Promise.resolve().then(() => reader.streamUsage(query as object));
  return reader[method](query as object);
}

async function refusesCursor(storage: ReadableUsageStorage, query: UsagePageQuery): Promise<void> {
  const message = await rejectsWith(storage.reader.getUsagePage(query), 'INVALID_QUERY');
  assert.match(message, /^getUsagePage: 'cursor' is '/);
  assert(message.includes(`expected ${A_CURSOR}.`), message);
}

/** A check that a method refuses queries that cannot be meant. */
function refusedBy(method: QueryMethod): ContractCheck {
  const how = method === 'streamUsage' ? 'throwing at once' : 'rejecting';
  const title = `are refused by ${method}, by ${how}, with the option, its value and what was expected`;
  return check(title, async (storage) => {
    await storeAll(storage, [makeRecord()]);
    for (const { query, message } of refusedQueries(method)) {
      // A call that threw instead of rejecting would pass by a caller's catch().
      const answer = ask(storage, method, query);
      assert.equal(await rejectsWith(answer, 'INVALID_QUERY'), message);
    }
  });
}

const [startDate, endDate, username, status] = ['2026-03-01', '2027-01-01', null, 200];
const QUERY = { startDate, endDate, username, status };

/** Queries that differ from `QUERY` in a date or a filter. */
const OTHER_QUERIES: readonly UsagePageQuery[] = [
  {},
  { startDate, endDate, username },
  { startDate, endDate, status },
  { startDate, username, status },
  { endDate, username, status },
  { ...QUERY, status: 201 },
  { ...QUERY, status: null },
  { ...QUERY, status: '2xx' },
  { ...QUERY, status: [200, 201] },
  { ...QUERY, bot: false },
  { ...QUERY, path: '/users/7' },
  { ...QUERY, username: '' },
  { ...QUERY, username: 'null' },
  { ...QUERY, route: null },
  { ...QUERY, startDate: '2026-02-28' },
  { ...QUERY, startDate: '2026-03-01T00:00:00.001Z' },
  { ...QUERY, endDate: '2027-01-01T00:00:00.001Z' },
  { ...QUERY, startDate: endDate, endDate: startDate },
];

/** Which queries every storage refuses, and in which words. */
export const REFUSED_QUERIES: readonly ContractCheck[] = [
  ...(Object.keys(OWN_OPTIONS) as QueryMethod[]).map(refusedBy),

  check('include a cursor that was changed at any character, cut or added to', async (storage) => {
    await storeAll(storage, makeRecords(3));
    const cursor = String((await storage.reader.getUsagePage({ limit: 1 })).nextCursor);
    for (let index = 0; index < cursor.length; index += 1) {
      const [before, after] = [cursor.slice(0, index), cursor.slice(index + 1)];
      for (const character of ['A', 'Q', 'z', '_', '=', '💥']) {
        if (character === cursor[index]) continue;
        await refusesCursor(storage, { limit: 1, cursor: before + character + after });
      }
      if (index > 0) await refusesCursor(storage, { limit: 1, cursor: before });
      await refusesCursor(storage, { limit: 1, cursor: before + after });
    }
    for (const added of ['A', '=', '\n', ' ', cursor]) {
      await refusesCursor(storage, { limit: 1, cursor: cursor + added });
      await refusesCursor(storage, { limit: 1, cursor: added + cursor });
    }
    assert.equal((await storage.reader.getUsagePage({ limit: 1, cursor })).items.length, 1);
  }),

  check('include the cursor of another query, but not of its own written in another way', async (storage) => {
    await storeAll(storage, makeRecords(3, { username }));
    const { nextCursor: cursor } = await storage.reader.getUsagePage({ ...QUERY, limit: 1 });
    for (const other of OTHER_QUERIES) await refusesCursor(storage, { ...other, cursor });
    const own = { route: undefined, status, username, endDate: new Date(endDate) };
    const page = await storage.reader.getUsagePage({ ...own, startDate: '2026-03-01T01:00+01:00', cursor });
    assert.equal(page.items.length, 2);
    const { nextCursor: listed } = await storage.reader.getUsagePage({ status: [200, '5xx'], limit: 1 });
    const rest = await storage.reader.getUsagePage({ status: ['5xx', 200, 200], cursor: listed });
    assert.equal(rest.items.length, 2);
    await refusesCursor(storage, { status: [200, '4xx'], cursor: listed });
  }),

  check('leave the storage as useful as before', async (storage) => {
    const record = makeRecord();
    await storeAll(storage, [record]);
    await rejection(storage.reader.getUsage({ limit: 0 }));
    await rejection(storage.reader.getUsagePage({ cursor: 'forged' }));
    assert.deepEqual(await idsOf(storage, { limit: 1 }), [record.id]);
    assert.deepEqual(await idsOf(storage, { limit: 10_000 }), [record.id]);
  }),
];
