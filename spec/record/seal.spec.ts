import { expect } from 'chai';
import * as fc from 'fast-check';
import { JSON_LIMITS, TEXT_LIMITS } from '../../src/record/limits.js';
import { sealRecord, sealRequest, sealUserAgent } from '../../src/record/seal.js';
import type { JsonObject, UsageRecordDraft } from '../../src/record/usage-record.js';
import { makeRecord } from '../support/records.js';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\0', '\ud800', 'x'.repeat(5000), '😀'.repeat(2500), ''),
);
const anyNumber = fc.oneof(fc.double(), fc.integer());
const nullable = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const anyJson = nullable(
  fc.dictionary(anyText, fc.oneof(anyText, anyNumber), { maxKeys: 80 }) as fc.Arbitrary<JsonObject>,
);

const anyDraft: fc.Arbitrary<UsageRecordDraft> = fc.record({
  id: fc.uuid(),
  date: fc.date(),
  durationMs: anyNumber,
  serverName: anyText,
  method: anyText,
  url: anyText,
  path: anyText,
  route: nullable(anyText),
  query: anyJson,
  controller: nullable(anyText),
  action: nullable(anyText),
  params: anyJson,
  status: nullable(fc.integer({ min: 100, max: 999 })),
  aborted: fc.boolean(),
  errorType: nullable(anyText),
  requestBytes: nullable(anyNumber),
  responseBytes: nullable(anyNumber),
  remoteAddr: nullable(anyText),
  xForwardedFor: nullable(anyText),
  authorization: fc.boolean(),
  username: nullable(anyText),
  userAgent: fc.constant(makeRecord().userAgent),
  bot: fc.boolean(),
  ipInfo: anyJson,
  visitor: nullable(anyText),
  trackVar: anyJson,
  weight: anyNumber,
});

const RECORD_TEXTS = [
  'serverName',
  'method',
  'url',
  'path',
  'route',
  'controller',
  'action',
  'errorType',
  'remoteAddr',
  'xForwardedFor',
  'username',
  'visitor',
] as const;

describe('sealRecord', () => {
  it('keeps the limit of every text, whatever the draft holds', () => {
    fc.assert(
      fc.property(anyDraft, (draft) => {
        const record = sealRecord({ ...draft });
        for (const name of RECORD_TEXTS) {
          const text = record[name];
          if (draft[name] === null) expect(text, name).to.equal(null);
          else expect(text?.length, name).to.be.at.most(TEXT_LIMITS[name]);
          expect(text?.isWellFormed() ?? true, name).to.equal(true);
          expect(text ?? '', name).to.not.include('\0');
        }
      }),
    );
  });

  it('keeps the limits of every JSON value, whatever the draft holds', () => {
    fc.assert(
      fc.property(anyDraft, (draft) => {
        const record = sealRecord({ ...draft });
        for (const name of ['query', 'params', 'ipInfo', 'trackVar'] as const) {
          expect(Buffer.byteLength(JSON.stringify(record[name])), name).to.be.at.most(JSON_LIMITS.bytes);
          if (draft[name] === null) expect(record[name], name).to.equal(null);
        }
      }),
    );
  });

  it('keeps numbers finite and counts whole, whatever the draft holds', () => {
    fc.assert(
      fc.property(anyDraft, (draft) => {
        const record = sealRecord({ ...draft });
        expect(record.durationMs).to.satisfy(Number.isFinite);
        expect(record.weight).to.satisfy(Number.isFinite);
        for (const name of ['requestBytes', 'responseBytes'] as const) {
          const isCount = Number.isSafeInteger(draft[name]) && (draft[name] ?? -1) >= 0;
          expect(record[name], name).to.equal(isCount ? draft[name] : null);
        }
      }),
    );
  });

  it('keeps the names of the fields and their order', () => {
    fc.assert(
      fc.property(anyDraft, (draft) => {
        expect(Object.keys(sealRecord({ ...draft }))).to.deep.equal(Object.keys(draft));
      }),
    );
  });

  it('is what sealRequest does where names, address and visitor are within their limits, whatever else the draft holds', () => {
    fc.assert(
      fc.property(anyDraft, (draft) => {
        const record = sealRecord({ ...draft });
        const { serverName, route, controller, action, remoteAddr, visitor } = record;
        const named = { ...draft, serverName, route, controller, action, remoteAddr, visitor };
        expect(sealRequest(named)).to.deep.equal(record);
      }),
    );
  });

  it('replaces a duration and a weight that are no numbers', () => {
    const record = makeRecord({ durationMs: NaN, weight: Infinity });
    expect(record).to.include({ durationMs: 0, weight: 1 });
  });

  it('freezes the record', () => {
    const record = makeRecord();
    expect(Object.isFrozen(record)).to.equal(true);
    expect(Object.isFrozen(record.userAgent)).to.equal(true);
  });
});

describe('sealUserAgent', () => {
  it('keeps the limit of every field', () => {
    const long = `a\0${'x'.repeat(3000)}`;
    const sealed = sealUserAgent({
      browser: long,
      version: long,
      platform: long,
      language: long,
      string: long,
    });
    const { string, ...parts } = sealed;
    expect(string).to.have.length(TEXT_LIMITS.userAgentString);
    for (const part of Object.values(parts)) {
      expect(part).to.have.length(TEXT_LIMITS.userAgentPart);
      expect(part).to.match(/^a\ufffdx+…$/);
    }
    expect(Object.isFrozen(sealed)).to.equal(true);
  });

  it('leaves null alone', () => {
    const unknown = { browser: null, version: null, platform: null, language: null, string: null };
    expect(sealUserAgent({ ...unknown })).to.deep.equal(unknown);
  });
});
