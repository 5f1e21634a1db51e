import { expect } from 'chai';
import * as fc from 'fast-check';
import { fieldsOf } from '../../src/record/fields.js';
import { JSON_LIMITS, TEXT_LIMITS } from '../../src/record/limits.js';
import { sealRecord, sealRequest, sealUserAgent } from '../../src/record/seal.js';
import { anyText } from '../support/any-text.js';
import { draftsOf } from '../support/arbitrary-records.js';
import { makeRecord } from '../support/records.js';

const anyInput = fc.oneof(
  anyText(),
  fc.constantFrom('\0', '\ud800', 'x'.repeat(5000), '😀'.repeat(2500), ''),
);
const anyNumber = fc.oneof(fc.double(), fc.integer());

const anyDraft = draftsOf({
  id: fc.uuid(),
  date: fc.date(),
  text: anyInput,
  json: fc.dictionary(anyInput, fc.oneof(anyInput, anyNumber), { maxKeys: 80 }),
  number: anyNumber,
  integer: fc.integer({ min: 100, max: 999 }),
  count: anyNumber,
  boolean: fc.boolean(),
});

describe('sealRecord', () => {
  it('keeps the limit of every text, whatever the draft holds', () => {
    fc.assert(
      fc.property(anyDraft, (draft) => {
        const record = sealRecord({ ...draft });
        for (const name of fieldsOf('text')) {
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
        for (const name of fieldsOf('json')) {
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
        for (const name of fieldsOf('number')) expect(record[name], name).to.satisfy(Number.isFinite);
        for (const name of fieldsOf('count')) {
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
