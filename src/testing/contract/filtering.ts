import assert from 'node:assert/strict';
import { FILTERS, type UsageFilter, type UsageQuery } from '../../storage/usage-query.js';
import { HOSTILE_TEXTS, LOOKALIKES } from './hostile-values.js';
import { makeRecord } from './records.js';
import { type ContractCheck, check, ids, idsOf, storeAll } from './subject.js';

const VALUES: Readonly<Record<UsageFilter, readonly [string | number, string | number]>> = {
  route: ['/users/:id', '/users'],
  controller: ['UserController', 'OrderController'],
  action: ['one', 'One'],
  status: [200, 404],
  method: ['GET', 'get'],
  username: ['ada', 'ada '],
};

/** The checks of one filter. */
function filterChecks(name: UsageFilter): ContractCheck[] {
  const [value, other] = VALUES[name];
  const checks = [
    check(`find just the records with a certain ${name}`, async (storage) => {
      const wanted = makeRecord({ [name]: value });
      const nullable = name === 'method' ? 'PUT' : null;
      await storeAll(storage, [makeRecord({ [name]: other }), wanted, makeRecord({ [name]: nullable })]);
      assert.deepEqual(await idsOf(storage, { [name]: value }), [wanted.id]);
    }),

    check(`find nothing where no record has the ${name}`, async (storage) => {
      await storeAll(storage, [makeRecord({ [name]: value })]);
      assert.deepEqual(await idsOf(storage, { [name]: typeof value === 'number' ? 201 : 'no such' }), []);
    }),
  ];
  if (name === 'method') return checks;
  const forNull = `find just the records without a ${name} for null, and tell them from empty text`;
  return [
    ...checks,
    check(forNull, async (storage) => {
      const wanted = makeRecord({ [name]: null });
      const others = [makeRecord({ [name]: value })];
      if (name !== 'status') others.push(makeRecord({ [name]: '' }), makeRecord({ [name]: 'null' }));
      await storeAll(storage, [...others, wanted]);
      assert.deepEqual(await idsOf(storage, { [name]: null }), [wanted.id]);
    }),
  ];
}

/** What filters do. */
export const FILTERING: readonly ContractCheck[] = [
  ...FILTERS.flatMap(filterChecks),

  check('find the records that pass all of several, within the dates and the page', async (storage) => {
    const day = new Date('2026-03-02T00:00:00.000Z');
    const matching = { status: 500, username: null, route: '/a', date: day };
    const wanted = [makeRecord(matching), makeRecord(matching)];
    await storeAll(storage, [
      ...wanted,
      makeRecord({ ...matching, status: 501 }),
      makeRecord({ ...matching, username: 'ada' }),
      makeRecord({ ...matching, route: '/b' }),
      makeRecord({ ...matching, date: new Date(day.getTime() - 1) }),
    ]);
    const query: UsageQuery = { status: 500, username: null, route: '/a', method: 'GET', startDate: day };
    const expected = ids(wanted).toReversed();
    assert.deepEqual(await idsOf(storage, query), expected);
    assert.deepEqual(await idsOf(storage, { ...query, limit: 1, page: 2 }), expected.slice(1));
    assert.deepEqual(await idsOf(storage, { ...query, action: 'two' }), []);
  }),

  check(
    'find a record by the text that it was made of, also where that was cut or cleaned',
    async (storage) => {
      for (const name of FILTERS) {
        if (name === 'status') continue;
        for (const text of ['x'.repeat(5000), '😀'.repeat(5000), 'a\0b\0', 'a\ud83db\ude00c', '\0']) {
          const record = makeRecord({ [name]: text });
          await storeAll(storage, [record]);
          assert.deepEqual(await idsOf(storage, { [name]: text, limit: 1 }), [record.id]);
          assert.deepEqual(await idsOf(storage, { [name]: record[name], limit: 1 }), [record.id]);
        }
      }
    },
  ),

  check('take hostile text as nothing but text', async (storage) => {
    const records = HOSTILE_TEXTS.map(([, text]) => makeRecord({ username: text, route: text }));
    await storeAll(storage, records);
    for (const { id, username, route } of records) {
      assert.deepEqual(await idsOf(storage, { username, route }), [id]);
    }
    for (const [index, [, text]] of HOSTILE_TEXTS.entries()) {
      assert.deepEqual(await idsOf(storage, { username: text, route: text }), [records[index]?.id]);
    }
    assert.deepEqual(await idsOf(storage, { username: '%' }), []);
    assert.deepEqual(await idsOf(storage, { username: "' or '1'='1" }), []);
    assert.equal((await idsOf(storage)).length, records.length);
  }),

  check('tell texts apart that languages hold equal', async (storage) => {
    const records = LOOKALIKES.map((text) => makeRecord({ username: text, route: text }));
    await storeAll(storage, records);
    for (const { id, username, route } of records) {
      assert.deepEqual(await idsOf(storage, { username }), [id]);
      assert.equal(await storage.reader.countUsage({ route }), 1);
    }
  }),
];
