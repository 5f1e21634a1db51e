import assert from 'node:assert/strict';
import { FIELDS } from '../../record/fields.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { FILTERS, type StatusFilter, type UsageFilter } from '../../storage/usage-filters.js';
import type { UsageQuery } from '../../storage/usage-query.js';
import { finds } from './assertions.js';
import { HOSTILE_TEXTS, LOOKALIKES } from './hostile-values.js';
import { NOON, at, makeRecord, makeRecords, newestFirst, recordsAt } from './records.js';
import { ids, idsOf, storeAll } from './steps.js';
import { type ContractCheck, check } from './subject.js';

const before = makeRecord({ date: new Date('2026-03-01T11:59:59.999Z') });
const first = makeRecord({ date: new Date('2026-03-01T12:00:00.000Z') });
const last = makeRecord({ date: new Date('2026-03-01T12:59:59.999Z') });
const after = makeRecord({ date: new Date('2026-03-01T13:00:00.000Z') });
const all = [after, last, first, before];
const within = [last, first];
const startDate = first.date;
const endDate = after.date;

/** Which of these four records a query finds, at and beside two bounds. */
const BOUNDS: readonly (readonly [title: string, query: UsageQuery, expected: readonly UsageRecord[]])[] = [
  ['include the start and exclude the end, to the millisecond', { startDate, endDate }, within],
  ['leave the end open', { startDate }, [after, last, first]],
  ['leave the start open', { endDate }, [last, first, before]],
  ['find nothing between equal dates', { startDate, endDate: startDate }, []],
  ['find nothing when the end is before the start', { startDate: endDate, endDate: startDate }, []],
  ['find one millisecond', { startDate, endDate: new Date(startDate.getTime() + 1) }, [first]],
  [
    'may be ISO 8601 text',
    { startDate: '2026-03-01T12:00:00Z', endDate: '2026-03-01T13:00:00.000Z' },
    within,
  ],
  [
    'may be text of another zone',
    { startDate: '2026-03-01T13:00:00+01:00', endDate: '2026-03-01T07:00-06:00' },
    within,
  ],
  ['may be days, which begin at midnight UTC', { startDate: '2026-03-01', endDate: '2026-03-02' }, all],
  ['exclude the whole day that ends a period', { startDate: '2026-02-28', endDate: '2026-03-01' }, []],
  ['may be as far away as dates go', { startDate: new Date(-8.64e15), endDate: new Date(8.64e15) }, all],
];

/** Which dates are meant. */
export const PERIODS: readonly ContractCheck[] = [
  ...BOUNDS.map(([title, query, expected]) =>
    check(title, async (storage) => {
      await storeAll(storage, [after, first, before, last]);
      await finds(storage, query, expected);
    }),
  ),

  check('go together with pages', async (storage) => {
    await storeAll(storage, all);
    assert.deepEqual(await idsOf(storage, { startDate, limit: 1, page: 2 }), [last.id]);
  }),
];

/** Two values of each filter. */
const VALUES: Readonly<Record<UsageFilter, readonly [string | number | boolean, string | number | boolean]>> =
  {
    route: ['/users/:id', '/users'],
    controller: ['UserController', 'OrderController'],
    action: ['one', 'One'],
    status: [200, 404],
    method: ['GET', 'get'],
    username: ['ada', 'ada '],
    bot: [true, false],
    path: ['/users/7', '/users/7/'],
    serverName: ['api', 'Api'],
    visitor: ['6f1c', '6f1d'],
  };

/** The checks of one filter. */
function filterChecks(name: UsageFilter): ContractCheck[] {
  const [value, other] = VALUES[name];
  const isNullable = FIELDS[name].blank === null;
  const checks = [
    check(`find just the records with a certain ${name}`, async (storage) => {
      const wanted = makeRecord({ [name]: value });
      const others = [makeRecord({ [name]: other })];
      if (isNullable) others.push(makeRecord({ [name]: null }));
      await storeAll(storage, [...others, wanted]);
      await finds(storage, { [name]: value }, [wanted]);
    }),

    check(`find nothing where no record has the ${name}`, async (storage) => {
      await storeAll(storage, [makeRecord({ [name]: value })]);
      await finds(storage, { [name]: typeof value === 'string' ? 'no such' : other }, []);
    }),
  ];
  if (!isNullable) return checks;
  const forNull = `find just the records without a ${name} for null, and tell them from empty text`;
  return [
    ...checks,
    check(forNull, async (storage) => {
      const wanted = makeRecord({ [name]: null });
      const others = [makeRecord({ [name]: value })];
      if (name !== 'status') others.push(makeRecord({ [name]: '' }), makeRecord({ [name]: 'null' }));
      await storeAll(storage, [...others, wanted]);
      await finds(storage, { [name]: null }, [wanted]);
    }),
  ];
}

/** Statuses at the edges of each class, and of none. */
const STATUSES = [null, 0, 99, 100, 199, 200, 299, 300, 399, 400, 404, 499, 500, 503, 599, 600];

const STATUS_FILTERS: readonly (StatusFilter | readonly StatusFilter[])[] = [
  ...(['1xx', '2xx', '3xx', '4xx', '5xx', ['5xx'], [404], [503, 404, 404], ['5xx', 404, 503]] as const),
  ...([[null], [null, '1xx', 600], ['2xx', '3xx', '5xx', '3xx']] as const),
  Array.from({ length: 100 }, (_, index) => 400 + index),
];

/** What filters do. */
export const FILTERING: readonly ContractCheck[] = [
  ...FILTERS.flatMap(filterChecks),

  check('find the records of a class of statuses, and those of any status of a list', async (storage) => {
    const records = STATUSES.map((status) => makeRecord({ status }));
    await storeAll(storage, records);
    for (const filter of STATUS_FILTERS) {
      const wanted = records.filter(({ status }) => {
        const itsClass = String(status).replace(/^([1-5])\d\d$/, '$1xx');
        return [filter].flat().some((one) => one === status || one === itsClass);
      });
      await finds(storage, { status: filter }, wanted.toReversed());
    }
  }),

  check('find the records that pass all of several, within the dates and the page', async (storage) => {
    // The name of a class of statuses is nothing but text elsewhere.
    const filters = { username: null, route: '5xx', bot: true, path: '5xx', serverName: 'b', visitor: 'c' };
    const others = { username: 'ada', route: '/b', bot: false, path: '/b', serverName: 'a', visitor: null };
    const matching = { ...filters, status: 500, date: NOON };
    const wanted = [makeRecord(matching), makeRecord(matching)].toReversed();
    await storeAll(storage, [
      ...wanted,
      ...Object.entries({ ...others, status: 499, date: at(-1) }).map(([name, value]) =>
        makeRecord({ ...matching, [name]: value }),
      ),
    ]);
    for (const status of [500, '5xx', [404, '5xx']] as const) {
      const query = { ...filters, status, method: 'GET', startDate: NOON };
      await finds(storage, query, wanted);
      assert.deepEqual(await idsOf(storage, { ...query, limit: 1, page: 2 }), ids(wanted.slice(1)));
      await finds(storage, { ...query, action: 'two' }, []);
    }
  }),

  check('find the records within the dates, with several on both edges', async (storage) => {
    const offsets = [-1, 0, 0, 1, 1, 2, 2, 3, 3];
    const [failed, others, nobody] = [{ status: 500 }, {}, { username: null }].map((fields) =>
      recordsAt(offsets, fields),
    ) as [UsageRecord[], UsageRecord[], UsageRecord[]];
    await storeAll(storage, [...failed, ...others, ...nobody]);
    for (const [filters, records] of [
      [{}, [...failed, ...others, ...nobody]],
      [{ status: 500 }, failed],
      [{ username: null }, nobody],
      [{ status: 200, username: 'ada' }, others],
    ] as const) {
      const expected = records.filter(({ date }) => date >= NOON && date < at(3)).toSorted(newestFirst);
      await finds(storage, { ...filters, startDate: NOON, endDate: at(3) }, expected);
    }
  }),

  check('find a record by its own text, also where that was cut or cleaned', async (storage) => {
    for (const name of FILTERS) {
      if (FIELDS[name].kind !== 'text') continue;
      for (const text of ['x'.repeat(5000), '😀'.repeat(5000), 'a\0b\0', 'a\ud83db\ude00c', '\0']) {
        const record = makeRecord({ [name]: text });
        await storeAll(storage, [record]);
        assert.deepEqual(await idsOf(storage, { [name]: text, limit: 1 }), [record.id]);
        assert.deepEqual(await idsOf(storage, { [name]: record[name], limit: 1 }), [record.id]);
      }
    }
  }),

  check('take hostile text as nothing but text', async (storage) => {
    const records = HOSTILE_TEXTS.map(([, text]) =>
      makeRecords(2, { username: text, route: text, date: NOON }),
    );
    await storeAll(storage, records.flat());
    for (const [index, [, text]] of HOSTILE_TEXTS.entries()) {
      const wanted = (records[index] as UsageRecord[]).toReversed();
      await finds(storage, { username: text, route: text }, wanted);
      await finds(storage, { username: wanted[0]?.username, route: wanted[0]?.route }, wanted);
    }
    assert.deepEqual(await idsOf(storage, { username: '%' }), []);
    assert.deepEqual(await idsOf(storage, { username: "' or '1'='1" }), []);
    assert.equal((await idsOf(storage)).length, records.flat().length);
  }),

  check('tell texts apart that languages hold equal', async (storage) => {
    const records = LOOKALIKES.map((text) => makeRecord({ username: text, route: text }));
    await storeAll(storage, records);
    for (const record of records) {
      await finds(storage, { username: record.username }, [record]);
      assert.equal(await storage.reader.countUsage({ route: record.route }), 1);
    }
  }),
];

/** How records are counted. */
export const COUNTING: readonly ContractCheck[] = [
  check('is 0, a number, while nothing is stored', async (storage) => {
    assert.equal(await storage.reader.countUsage(), 0);
    assert.equal(await storage.reader.countUsage({ startDate: '2026-01-01', username: null }), 0);
  }),

  check('counts all records, also more than a page holds, and none twice', async (storage) => {
    const records = makeRecords(700);
    await storeAll(storage, records);
    await storeAll(storage, records.slice(0, 50));
    assert.equal(await storage.reader.countUsage(), 700);
    assert.equal(await storage.reader.countUsage({}), 700);
    assert.equal(await storage.reader.countUsage({ endDate: undefined, status: undefined }), 700);
  }),
];
