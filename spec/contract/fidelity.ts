import { expect } from 'chai';
import * as fc from 'fast-check';
import { TEXT_LIMITS } from '../../src/record/limits.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { anyRecord } from '../support/arbitrary-records.js';
import { HOSTILE_JSON, HOSTILE_TEXTS } from '../support/hostile-values.js';
import { TEXT_FIELDS, makeRecord, withEveryText } from '../support/records.js';
import { type OpenSubject, storeAll, withStorage } from './subject.js';

const NULLABLE = {
  route: null,
  query: null,
  controller: null,
  action: null,
  params: null,
  status: null,
  errorType: null,
  requestBytes: null,
  responseBytes: null,
  remoteAddr: null,
  xForwardedFor: null,
  username: null,
  ipInfo: null,
  visitor: null,
  trackVar: null,
} satisfies Partial<UsageRecord>;

const EMPTY_AGENT = { browser: null, version: null, platform: null, language: null, string: null };

/** Nothing but plain objects, lists and scalars: what `JSON.parse` makes. */
function isPlainJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlainJson);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlainJson);
}

export function describeFidelity(open: OpenSubject): void {
  const roundTrip = (title: string, records: () => readonly UsageRecord[]): void => {
    it(
      title,
      withStorage(open, async (storage) => {
        const given = records();
        await storeAll(storage, given);
        const found = new Map(
          (await storage.getUsage({ limit: 10_000 })).map((record) => [record.id, record]),
        );
        for (const record of given) expect(found.get(record.id)).to.deep.equal(record);
        expect(found.size).to.equal(given.length);
      }),
    );
  };

  describe('what is read back', () => {
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
    ]);

    roundTrip('has null where the record has null, and false where it has false', () => [
      makeRecord({ ...NULLABLE, userAgent: EMPTY_AGENT, authorization: false, bot: false, aborted: false }),
    ]);

    roundTrip('tells empty objects, lists and texts from null', () => [
      makeRecord({ query: {}, params: { list: [] }, trackVar: { nested: {} }, username: '', route: '' }),
    ]);

    roundTrip('has every millisecond of the date, also far away and before 1970', () =>
      [
        '2026-03-01T12:00:00.001Z',
        '2026-03-01T12:00:00.999Z',
        '1969-12-31T23:59:59.999Z',
        '2099-12-31T23:59:59.500Z',
      ].map((date) => makeRecord({ date: new Date(date) })),
    );

    roundTrip('has numbers to the last bit', () => [
      makeRecord({ durationMs: 0, requestBytes: 0, responseBytes: 0, weight: 0.1 + 0.2 }),
      makeRecord({ durationMs: 1e12, requestBytes: 2 ** 53 - 1, responseBytes: 2 ** 53 - 1, weight: 1e6 }),
      makeRecord({
        durationMs: 0.001,
        weight: 1 / 3,
        trackVar: { n: [0.1 + 0.2, 5e-324, 1.7976931348623157e308] },
      }),
      makeRecord({ durationMs: 12_345.678, weight: 2 ** 53 - 1, status: 100 }),
    ]);

    it(
      'is frozen like what was stored, with plain JSON in it',
      withStorage(open, async (storage) => {
        await storeAll(storage, [makeRecord({ trackVar: { list: [{ a: 1 }] }, query: { q: '1' } })]);
        const [record] = await storage.getUsage();
        expect(Object.isFrozen(record)).to.equal(true);
        expect(Object.isFrozen(record?.userAgent)).to.equal(true);
        expect(record?.date).to.be.an.instanceOf(Date);
        for (const json of [record?.trackVar, record?.query, record?.params]) {
          expect(json).to.satisfy(isPlainJson);
        }
      }),
    );

    for (const [title, text] of HOSTILE_TEXTS) {
      roundTrip(`keeps ${title} in every text`, () => [
        withEveryText(text),
        makeRecord({ trackVar: { [text]: text } }),
      ]);
    }

    roundTrip('keeps text of the full length, cut between two characters of four bytes', () => [
      withEveryText('😀'.repeat(5000)),
      withEveryText(`x${'😀'.repeat(5000)}`),
      ...TEXT_FIELDS.map((field) => makeRecord({ [field]: 'ä'.repeat(TEXT_LIMITS[field]) })),
    ]);

    for (const [title, json] of HOSTILE_JSON) {
      roundTrip(`keeps JSON with ${title}`, () => [
        makeRecord({ query: json, params: json, ipInfo: json, trackVar: json }),
      ]);
    }

    it(
      'equals what was stored, whatever record was sealed',
      withStorage(open, async (storage, { isSlow }) => {
        const property = fc.asyncProperty(
          fc.array(anyRecord(), { minLength: 1, maxLength: 20 }),
          async (records) => {
            await storeAll(storage, records);
            const found = new Map(
              (await storage.getUsage({ limit: 10_000 })).map((record) => [record.id, record]),
            );
            for (const record of records) expect(found.get(record.id)).to.deep.equal(record);
          },
        );
        await fc.assert(property, { numRuns: isSlow === true ? 5 : 40 });
      }),
    );
  });
}
