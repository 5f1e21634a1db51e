import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsageQuery } from '../../storage/usage-query.js';
import { makeRecord } from './records.js';
import { type ContractCheck, check, ids, idsOf, storeAll } from './subject.js';

const before = makeRecord({ date: new Date('2026-03-01T11:59:59.999Z') });
const first = makeRecord({ date: new Date('2026-03-01T12:00:00.000Z') });
const last = makeRecord({ date: new Date('2026-03-01T12:59:59.999Z') });
const after = makeRecord({ date: new Date('2026-03-01T13:00:00.000Z') });
const startDate = first.date;
const endDate = after.date;

/** A check of which of four records, at and beside two bounds, a query finds. */
function bounds(title: string, query: UsageQuery, expected: readonly UsageRecord[]): ContractCheck {
  return check(title, async (storage) => {
    await storeAll(storage, [after, first, before, last]);
    assert.deepEqual(await idsOf(storage, query), ids(expected));
  });
}

/** Which dates are meant. */
export const PERIODS: readonly ContractCheck[] = [
  bounds('include the start and exclude the end, to the millisecond', { startDate, endDate }, [last, first]),
  bounds('leave the end open', { startDate }, [after, last, first]),
  bounds('leave the start open', { endDate }, [last, first, before]),
  bounds('find nothing between equal dates', { startDate, endDate: startDate }, []),
  bounds('find nothing when the end is before the start', { startDate: endDate, endDate: startDate }, []),
  bounds('find one millisecond', { startDate, endDate: new Date(startDate.getTime() + 1) }, [first]),
  bounds('may be ISO 8601 text', { startDate: '2026-03-01T12:00:00Z', endDate: '2026-03-01T13:00:00.000Z' }, [
    last,
    first,
  ]),
  bounds(
    'may be text of another zone',
    { startDate: '2026-03-01T13:00:00+01:00', endDate: '2026-03-01T07:00-06:00' },
    [last, first],
  ),
  bounds('may be days, which begin at midnight UTC', { startDate: '2026-03-01', endDate: '2026-03-02' }, [
    after,
    last,
    first,
    before,
  ]),
  bounds('exclude the whole day that ends a period', { startDate: '2026-02-28', endDate: '2026-03-01' }, []),
  bounds('go together with pages', { startDate, limit: 1, page: 2 }, [last]),
  bounds('may be as far away as dates go', { startDate: new Date(-8.64e15), endDate: new Date(8.64e15) }, [
    after,
    last,
    first,
    before,
  ]),
];
