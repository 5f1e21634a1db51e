import * as fc from 'fast-check';
import type { JsonObject, UsageRecord, UsageRecordDraft } from '../../src/record/usage-record.js';
import { makeRecord } from './records.js';

const text = fc.string({ unit: 'binary', maxLength: 60 });
const nullableText = fc.option(text);
const nullableJson = fc.option(
  fc.dictionary(text, fc.jsonValue({ maxDepth: 6 }), { maxKeys: 8 }) as fc.Arbitrary<JsonObject>,
);
const nullableCount = fc.option(fc.maxSafeNat());
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

/** Any record that the tracker could make: what a stranger sends, sealed. */
export function anyRecord(): fc.Arbitrary<UsageRecord> {
  const fields: { [Field in keyof Omit<UsageRecordDraft, 'id'>]: fc.Arbitrary<UsageRecordDraft[Field]> } = {
    date: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2099-12-31T23:59:59.999Z') }),
    durationMs: finite,
    serverName: text,
    method: text,
    url: text,
    path: text,
    route: nullableText,
    query: nullableJson,
    controller: nullableText,
    action: nullableText,
    params: nullableJson,
    status: fc.option(fc.integer({ min: 100, max: 599 })),
    aborted: fc.boolean(),
    errorType: nullableText,
    requestBytes: nullableCount,
    responseBytes: nullableCount,
    remoteAddr: nullableText,
    xForwardedFor: nullableText,
    authorization: fc.boolean(),
    username: nullableText,
    userAgent: fc.record({
      browser: nullableText,
      version: nullableText,
      platform: nullableText,
      language: nullableText,
      string: nullableText,
    }),
    bot: fc.boolean(),
    ipInfo: nullableJson,
    visitor: nullableText,
    trackVar: nullableJson,
    weight: finite,
  };
  return fc.record(fields).map((draft) => makeRecord(draft));
}
