import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { hashUser } from '../../../../src/capture/client/user/hash-user.js';
import { refusalOf } from '../../../support/refusal.js';

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
        /: the secret (is of type undefined|has \d+ bytes); expected at least 16 bytes\./,
      );
    });
  }

  for (const odd of [4711, 4711n, { id: 4711 }, Symbol('4711'), [4711]]) {
    it(`refuses a name and a secret of type ${typeof odd}, without showing them`, () => {
      for (const hash of [() => hashUser(odd as never, SECRET), () => hashUser('key-1', odd as never)]) {
        const { code, message } = refusalOf(hash);
        expect(code).to.equal('INVALID_OPTION');
        expect(message)
          .to.include(`is of type ${typeof odd}; expected`)
          .and.not.include('4711');
      }
    });
  }
});
