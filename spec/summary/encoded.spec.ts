import { expect } from 'chai';
import * as fc from 'fast-check';
import { decode, encode } from '../../src/summary/encoded.js';
import { anyCharacter, anyText } from '../support/any-text.js';

describe('summary/encoded', () => {
  it('always gives back what it was given', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: anyCharacter }), (value) => {
        // JSON has no negative zero.
        expect(decode(encode(value))).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('keeps lone surrogates, and numbers to the last bit', () => {
    for (const value of ['\ud800', 'a\udfff', '\0"\'\\`', 1 / 3, 2 ** 53 - 1, -(2 ** -20), 5e-324])
      expect(decode(encode([value]))).to.deep.equal([value]);
  });

  it('always makes text of letters, digits and what base64 has beside them', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(encode({ [text]: text })).to.match(/^[A-Za-z0-9+/]*={0,2}$/);
      }),
    );
  });
});
