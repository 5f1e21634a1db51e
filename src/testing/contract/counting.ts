import assert from 'node:assert/strict';
import type { UsageCountQuery } from '../../storage/usage-query.js';
import { HOSTILE_TEXTS } from './hostile-values.js';
import { makeRecord, makeRecords } from './records.js';
import { type ContractCheck, check, idsOf, storeAll } from './subject.js';

const NOON = Date.parse('2026-03-01T12:00:00Z');

const QUERIES: readonly UsageCountQuery[] = [
  { startDate: new Date(NOON) },
  { endDate: new Date(NOON) },
  { startDate: new Date(NOON), endDate: new Date(NOON + 2) },
  { startDate: new Date(NOON), endDate: new Date(NOON) },
  { startDate: '2026-03-01', endDate: '2026-03-02', status: 200 },
  { status: null },
  { username: null, route: null },
  { username: '' },
  { method: 'post' },
  { method: 'POST', status: 500 },
  ...HOSTILE_TEXTS.map(([, username]) => ({ username })),
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

  check('is as many as getUsage finds, whatever the dates and filters', async (storage) => {
    await storeAll(storage, [
      ...[-1, 0, 0, 1, 2].map((offset) => makeRecord({ date: new Date(NOON + offset) })),
      makeRecord({ date: new Date(NOON), status: null, username: null, route: null }),
      makeRecord({ date: new Date(NOON), status: 500, username: '', method: 'POST' }),
      ...HOSTILE_TEXTS.map(([, text]) => makeRecord({ username: text })),
    ]);
    for (const query of QUERIES) {
      const found = (await idsOf(storage, query)).length;
      assert.equal(
        await storage.reader.countUsage(query),
        found,
        `The count of ${JSON.stringify(query)} is not ${found}.`,
      );
    }
    assert.equal(
      await storage.reader.countUsage({ startDate: new Date(NOON), endDate: new Date(NOON + 2) }),
      5,
    );
    assert.equal(await storage.reader.countUsage({ username: null, route: null }), 1);
  }),
];
