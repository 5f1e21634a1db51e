import { createHmac, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { lengthPrefixed, visitorId } from '../../../../src/capture/client/visitor/visitor-id.js';
import { anyText } from '../../../support/any-text.js';

const salt = randomBytes(32);
const anyInput = fc.oneof(anyText(), fc.constantFrom('', '\0', '\0\0\0\u0001', 'a', 'aa'));
const anyTriple = fc.tuple(anyInput, anyInput, anyInput);

describe('visitorId', () => {
  it('is HMAC-SHA-256 over the fields, each with its length as 4 bytes in front', () => {
    const bytes = Buffer.concat([
      Buffer.from([0, 0, 0, 9]),
      Buffer.from('127.0.0.1'),
      Buffer.from([0, 0, 0, 4]),
      Buffer.from('Zoë'),
      Buffer.from([0, 0, 0, 4]),
      Buffer.from('🦊'),
    ]);
    const expected = createHmac('sha256', salt).update(bytes).digest('hex');
    expect(visitorId(salt, '127.0.0.1', 'Zoë', '🦊')).to.equal(expected);
    expect(expected).to.match(/^[\da-f]{64}$/);
  });

  it('is another one with another salt, address, user agent or server name', () => {
    const ids = [
      visitorId(salt, '192.0.2.1', 'agent', 'shop'),
      visitorId(randomBytes(32), '192.0.2.1', 'agent', 'shop'),
      visitorId(salt, '192.0.2.2', 'agent', 'shop'),
      visitorId(salt, '192.0.2.1', 'agent2', 'shop'),
      visitorId(salt, '192.0.2.1', 'agent', 'shops'),
      visitorId(salt, '192.0.2.1', 'agents', 'hop'),
    ];
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('is made of other bytes for other texts, however they are cut', () => {
    const property = fc.property(anyTriple, anyTriple, (one, other) => {
      const isSame = one.every((text, index) => text === other[index]);
      expect(lengthPrefixed(one).equals(lengthPrefixed(other))).to.equal(isSame);
    });
    fc.assert(property, { numRuns: 2000 });
    const cut = fc.property(anyInput, fc.nat(), fc.nat(), (text, first, second) => {
      const cutAt = (place: number): [string, string, string] => {
        const at = place % (text.length + 1);
        return [text.slice(0, at).toWellFormed(), text.slice(at).toWellFormed(), ''];
      };
      const [one, other] = [cutAt(first), cutAt(second)];
      const isSame = one[0] === other[0] && one[1] === other[1];
      expect(lengthPrefixed(one).equals(lengthPrefixed(other))).to.equal(isSame);
    });
    fc.assert(cut, { numRuns: 2000 });
  });
});
