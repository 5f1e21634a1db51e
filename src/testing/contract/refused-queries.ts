import assert from 'node:assert/strict';
import type { UsagePageQuery } from '../../storage/usage-query.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { rejection, rejectsWith } from './assertions.js';
import { makeRecord, makeRecords } from './records.js';
import { CURSOR, QUERY_METHODS, type QueryMethod, refusedQueries } from './refusals.js';
import { type ContractCheck, check, idsOf, storeAll } from './subject.js';

/** Asks a method, and tells what came of it; one that throws instead of rejecting escapes. */
function ask(storage: ReadableUsageStorage, method: QueryMethod, query: unknown): Promise<unknown> {
  // A stream that waited for its first record would be refused when an answer has long begun.
  if (method === 'streamUsage')
    return Promise.resolve().then(() => storage.reader.streamUsage(query as object));
  return storage.reader[method](query as object);
}

async function refusesCursor(storage: ReadableUsageStorage, query: UsagePageQuery): Promise<void> {
  const { message } = await rejectsWith(storage.reader.getUsagePage(query), 'INVALID_QUERY');
  assert.match(message, /^getUsagePage: 'cursor' is '/);
  assert(message.includes(`expected ${CURSOR}.`), message);
}

/** A check that a method refuses what cannot be meant. */
function refusedBy(method: QueryMethod): ContractCheck {
  const how = method === 'streamUsage' ? 'throwing at once' : 'rejecting';
  const title = `are refused by ${method}, by ${how}, with the option, its value and what was expected`;
  return check(title, async (storage) => {
    await storeAll(storage, [makeRecord()]);
    for (const { query, message } of refusedQueries(method)) {
      // A call that threw instead of rejecting would pass by a caller's catch().
      const answer = ask(storage, method, query);
      assert.equal((await rejectsWith(answer, 'INVALID_QUERY')).message, message);
    }
  });
}

/** Which queries every storage refuses, in the same words. */
export const REFUSED_QUERIES: readonly ContractCheck[] = [
  ...QUERY_METHODS.map(refusedBy),

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

  check(
    'include the cursor of another query, but not that of the same one written in another way',
    async (storage) => {
      await storeAll(storage, makeRecords(3, { username: null }));
      const query = { startDate: '2026-03-01', endDate: '2027-01-01', username: null, status: 200 };
      const { nextCursor: cursor } = await storage.reader.getUsagePage({ ...query, limit: 1 });
      for (const other of otherQueries(query)) await refusesCursor(storage, { ...other, cursor });
      const same: UsagePageQuery = {
        status: query.status,
        username: query.username,
        endDate: new Date(query.endDate),
        startDate: '2026-03-01T01:00+01:00',
      };
      assert.equal(
        (await storage.reader.getUsagePage({ ...same, route: undefined, cursor })).items.length,
        2,
      );
    },
  ),

  check('leave the storage as useful as before', async (storage) => {
    const record = makeRecord();
    await storeAll(storage, [record]);
    await rejection(storage.reader.getUsage({ limit: 0 }));
    await rejection(storage.reader.getUsagePage({ cursor: 'forged' }));
    assert.deepEqual(await idsOf(storage, { limit: 1 }), [record.id]);
    assert.deepEqual(await idsOf(storage, { limit: 10_000 }), [record.id]);
  }),
];

/** Queries that differ from one in a date or a filter. */
function otherQueries(query: {
  startDate: string;
  endDate: string;
  username: null;
  status: number;
}): UsagePageQuery[] {
  const { startDate, endDate, username, status } = query;
  return [
    {},
    { startDate, endDate, username },
    { startDate, endDate, status },
    { startDate, username, status },
    { endDate, username, status },
    { ...query, status: 201 },
    { ...query, status: null },
    { ...query, username: '' },
    { ...query, username: 'null' },
    { ...query, route: null },
    { ...query, startDate: '2026-02-28' },
    { ...query, startDate: '2026-03-01T00:00:00.001Z' },
    { ...query, endDate: '2027-01-01T00:00:00.001Z' },
    { ...query, startDate: endDate, endDate: startDate },
  ];
}
