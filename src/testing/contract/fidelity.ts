import assert from 'node:assert/strict';
import { BLANK, fieldsOf } from '../../record/fields.js';
import { TEXT_LIMITS } from '../../record/limits.js';
import type { JsonObject, JsonValue, UsageRecord } from '../../record/usage-record.js';
import { holds } from './assertions.js';
import { HOSTILE_JSON, HOSTILE_TEXTS, jsonOf } from './hostile-values.js';
import { TEXT_FIELDS, makeRecord, recordsAt, withEveryText } from './records.js';
import { storeAll } from './steps.js';
import { type ContractCheck, check } from './subject.js';

/** Null in every field that may hold it. */
const NULLS: Partial<UsageRecord> = Object.fromEntries(
  Object.entries(BLANK).filter(([, blank]) => blank === null),
);

/** Nothing but plain objects, lists and scalars: what `JSON.parse` makes. */
function isPlainJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlainJson);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlainJson);
}

/** A check that records are read back as they were stored. */
function roundTrip(title: string, records: () => readonly UsageRecord[]): ContractCheck {
  return check(title, async (storage) => {
    const given = records();
    await storeAll(storage, given);
    await holds(storage, given);
  });
}

/** An object in objects, with a leaf at the bottom. */
function nested(levels: number): JsonValue {
  return levels === 0 ? 'leaf' : { deeper: [nested(levels - 1)] };
}

/** A record with the same JSON in every field of JSON. */
function withEveryJson(json: JsonObject): UsageRecord {
  return makeRecord(Object.fromEntries(fieldsOf('json').map((field) => [field, json])));
}

/** How records are read back. */
export const FIDELITY: readonly ContractCheck[] = [
  roundTrip('equals what was stored, field by field', () => [
    makeRecord({
      query: { page: '2', tag: ['a', 'b'] },
      ipInfo: { city: 'Zürich', lat: 47.37 },
      trackVar: { plan: 'pro', seats: 3, trial: false, nothing: null },
      visitor: 'c0ffee',
      xForwardedFor: '198.51.100.7, 203.0.113.9',
      errorType: 'NotFoundError',
      bot: true,
      aborted: true,
    }),
  ]),

  roundTrip('has null where the record has null, and false where it has false', () => [
    makeRecord({ ...NULLS, userAgent: BLANK.userAgent, authorization: false, bot: false, aborted: false }),
  ]),

  roundTrip('tells empty objects, lists and texts from null', () => [
    makeRecord({ query: {}, params: { list: [] }, trackVar: { nested: {} }, username: '', route: '' }),
  ]),

  roundTrip('has every millisecond of the date, also far away and before 1970', () => [
    ...recordsAt([-499, 499]),
    makeRecord({ date: new Date('1969-12-31T23:59:59.999Z') }),
    makeRecord({ date: new Date('2099-12-31T23:59:59.500Z') }),
  ]),

  roundTrip('has numbers to the last bit', () => [
    makeRecord({ durationMs: 0, requestBytes: 0, responseBytes: 0, weight: 0.1 + 0.2 }),
    makeRecord({ durationMs: 1e12, requestBytes: 2 ** 53 - 1, responseBytes: 2 ** 53 - 1, weight: 1e6 }),
    makeRecord({ durationMs: 0.001, weight: 1 / 3, trackVar: { n: [0.1 + 0.2, 5e-324, Number.MAX_VALUE] } }),
    makeRecord({ durationMs: 12_345.678, weight: 2 ** 53 - 1, status: 100 }),
    // Clients that add up digits by themselves are off by a bit.
    makeRecord({ durationMs: 90_188.519_254_469_15, weight: 98_010_157_532_589.53 }),
  ]),

  check('is frozen like what was stored, with plain JSON in it', async (storage) => {
    await storeAll(storage, [makeRecord({ trackVar: { list: [{ a: 1 }] }, query: { q: '1' } })]);
    const [record] = await storage.reader.getUsage();
    assert(record !== undefined);
    assert(Object.isFrozen(record), 'The record is not frozen.');
    assert(Object.isFrozen(record.userAgent), 'The user agent is not frozen.');
    assert(record.date instanceof Date, 'The date is not a Date.');
    for (const json of [record.trackVar, record.query, record.params]) {
      assert(isPlainJson(json), 'JSON holds something else than plain objects.');
    }
  }),

  ...HOSTILE_TEXTS.map(([title, text]) =>
    roundTrip(`keeps ${title} in every text`, () => [
      withEveryText(text),
      makeRecord({ trackVar: { [text]: text } }),
    ]),
  ),

  roundTrip('keeps text of the full length, cut between two characters of four bytes', () => [
    withEveryText('😀'.repeat(5000)),
    withEveryText(`x${'😀'.repeat(5000)}`),
    ...TEXT_FIELDS.map((field) => makeRecord({ [field]: 'ä'.repeat(TEXT_LIMITS[field]) })),
  ]),

  ...HOSTILE_JSON.map(([title, json]) => roundTrip(`keeps JSON with ${title}`, () => [withEveryJson(json)])),

  roundTrip('keeps what the limits leave of JSON that is too deep, too long or too large', () => [
    withEveryJson({ top: nested(500) }),
    withEveryJson({ list: Array.from({ length: 5000 }, (_, index) => index) }),
    withEveryJson(jsonOf(5000, (index) => index)),
    withEveryJson({ text: '😀'.repeat(100_000), ['name'.repeat(5000)]: 1 }),
    withEveryJson(jsonOf(60, () => '"\u0001'.repeat(500))),
  ]),
];
