import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { hashUser } from '../../src/capture/hash-user.js';
import { refusalOf } from '../support/refusal.js';

const SECRET = 'sixteen bytes or more';

describe('hashUser', () => {
  it('makes the HMAC-SHA-256 of a name', () => {
    expect(hashUser('key-1', SECRET)).to.equal(
      createHmac('sha256', SECRET).update('key-1').digest('base64url'),
    );
    expect(hashUser('key-1', SECRET)).to.match(/^[\w-]{43}$/);
  });

  it('makes another one with another secret', () => {
    expect(hashUser('key-1', SECRET)).to.not.equal(hashUser('key-1', `${SECRET}!`));
  });

  for (const nobody of [null, undefined, '']) {
    it(`makes nothing of ${String(nobody) || 'empty text'}`, () => {
      expect(hashUser(nobody, SECRET)).to.equal(null);
    });
  }

  for (const secret of [undefined, '', 'short', new Uint8Array(15)]) {
    it(`refuses a secret of ${secret?.length ?? 'no'} bytes, without showing it`, () => {
      const refusal = refusalOf(() => hashUser('key-1', secret));
      expect(refusal.code).to.equal('INVALID_OPTION');
      expect(refusal.message).to.not.include('short');
      expect(refusal.message).to.match(
        /: the secret (is undefined|has \d+ bytes); expected at least 16 bytes\./,
      );
    });
  }
});
