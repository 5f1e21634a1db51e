import { expect } from 'chai';
import * as fc from 'fast-check';
import { CUT_MARK, cleanNullableText, cleanText } from '../../src/record/text.js';
import { anyText } from '../support/any-text.js';

/** Text with everything that a stranger can put into it: lone surrogates and NUL often. */
const anyInput = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0xd83d, 0xde00, 0xdfff, 0x61)), {
    maxLength: 60,
  })
  .map((units) => String.fromCharCode(...units));

const anyLimit = fc.integer({ min: 2, max: 40 });

describe('cleanText', () => {
  it('never yields a lone surrogate, NUL or more than the limit', () => {
    fc.assert(
      fc.property(anyInput, anyLimit, (text, maxLength) => {
        const clean = cleanText(text, maxLength);
        expect(clean.isWellFormed()).to.equal(true);
        expect(clean).to.not.include('\0');
        expect(clean.length).to.be.at.most(maxLength);
      }),
    );
  });

  it('changes nothing in clean text within the limit', () => {
    const cleanUnits = anyText({ maxLength: 20 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(cleanUnits, (text) => {
        expect(cleanText(text, 40)).to.equal(text);
      }),
    );
  });

  it('changes nothing when it is applied again', () => {
    fc.assert(
      fc.property(anyInput, anyLimit, (text, maxLength) => {
        const clean = cleanText(text, maxLength);
        expect(cleanText(clean, maxLength)).to.equal(clean);
      }),
    );
  });

  it('keeps the beginning of text that is too long and ends it in an ellipsis', () => {
    const asciiText = fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: 41, maxLength: 80 });
    fc.assert(
      fc.property(asciiText, anyLimit, (text, maxLength) => {
        expect(cleanText(text, maxLength)).to.equal(text.slice(0, maxLength - 1) + CUT_MARK);
      }),
    );
  });

  it('keeps text that is just as long as the limit', () => {
    expect(cleanText('abcd', 4)).to.equal('abcd');
    expect(cleanText('abcde', 4)).to.equal('abc…');
  });

  it('cuts in front of a pair of surrogates that straddles the limit', () => {
    expect(cleanText('ab😀cd', 4)).to.equal('ab…');
    expect(cleanText('a😀bcd', 4)).to.equal('a😀…');
  });

  it('replaces NUL and lone surrogates by U+FFFD, one for one', () => {
    expect(cleanText('a\0b\ud83dc\ude00', 10)).to.equal('a\ufffdb\ufffdc\ufffd');
  });

  it('leaves other control characters alone', () => {
    expect(cleanText('a\r\n\t\u001b[31m', 20)).to.equal('a\r\n\t\u001b[31m');
  });
});

describe('cleanNullableText', () => {
  it('leaves null alone and cleans text', () => {
    expect(cleanNullableText(null, 4)).to.equal(null);
    expect(cleanNullableText('abc\0e', 4)).to.equal('abc…');
    expect(cleanNullableText('a\0', 4)).to.equal('a\ufffd');
  });
});
