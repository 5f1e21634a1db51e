import assert from 'node:assert/strict';
import type { UsageRecord } from '../../record/usage-record.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { holds } from './assertions.js';
import { makeRecord, newestFirst } from './records.js';
import { drain, ids, idsOf, storeAll } from './steps.js';
import { type ContractCheck, check, checkWith } from './subject.js';

const HALF_HOUR_MS = 30 * 60_000;

/** Nights in which an hour is missing or comes twice: in Europe, North America, New Zealand and the Chathams. */
const NIGHTS = [
  '2026-03-28T22:00:00Z',
  '2026-10-24T22:00:00Z',
  '2026-03-08T05:00:00Z',
  '2026-11-01T04:00:00Z',
  '2026-09-26T12:00:00Z',
  '2026-04-04T12:00:00Z',
];

/** A record each half hour of those nights, the oldest of each night first. */
function nightRecords(): UsageRecord[] {
  return NIGHTS.flatMap((night) =>
    Array.from({ length: 14 }, (_, index) =>
      makeRecord({ date: new Date(Date.parse(night) + index * HALF_HOUR_MS + 1) }),
    ),
  );
}

/** Asserts that the records are read back as they are, in order, by their dates, and as a stream. */
async function holdsInstants(storage: ReadableUsageStorage, records: readonly UsageRecord[]): Promise<void> {
  await holds(storage, records);
  const whole = ids(records.toSorted(newestFirst));
  assert.deepEqual(await idsOf(storage, { limit: 10_000 }), whole);
  for (const { id, date } of records) {
    const query = { startDate: date, endDate: new Date(date.getTime() + 1) };
    assert.deepEqual(await idsOf(storage, query), [id]);
  }
  assert.deepEqual(ids(await drain(storage.reader.streamUsage({ batchSize: 25 }))), whole);
}

/** Does something while the process is in a time zone. */
async function inZone(zone: string, body: () => Promise<void>): Promise<void> {
  const before = process.env['TZ'];
  process.env['TZ'] = zone;
  try {
    await body();
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
}

/** Dates are instants: no time zone changes them. */
export const TIME_ZONES: readonly ContractCheck[] = [
  check('of the process change no date, also in the nights of summer time', async (storage, { isSlow }) => {
    const records = nightRecords().filter((_record, index) => isSlow !== true || index % 4 === 0);
    const half = records.length / 2;
    await inZone('Europe/Zurich', () => storeAll(storage, records.slice(0, half)));
    await inZone('Pacific/Chatham', () => storeAll(storage, records.slice(half)));
    await inZone('America/New_York', () => holdsInstants(storage, records));
  }),

  checkWith('reopenInOtherZone', 'of the server change no date', async (storage, reopenInOtherZone) => {
    const records = nightRecords();
    const half = records.slice(0, 42);
    await storeAll(storage, half);
    const elsewhere = await reopenInOtherZone();
    await holdsInstants(elsewhere, half);
    await storeAll(elsewhere, records);
    await holdsInstants(elsewhere, records);
  }),
];
