import { expect } from 'chai';
import * as fc from 'fast-check';
import { basicUserName } from '../../../../src/capture/client/user/user-names.js';

function basic(credentials: string | Uint8Array): string {
  return `Basic ${Buffer.from(credentials as string).toString('base64')}`;
}

describe('basicUserName', () => {
  it('always yields what stands in front of the first colon, and nothing of the password', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes(':'));
    const password = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(name, password, (user, secret) => {
        expect(basicUserName(basic(`${user}:${secret}`))).to.equal(user);
      }),
    );
  });

  it('takes any case of the scheme, several spaces, and base64 for URLs', () => {
    expect(basicUserName('bAsIc   YWRhOng=  ')).to.equal('ada');
    expect(basicUserName(`Basic ${Buffer.from('ÿÿ>?:x').toString('base64url')}`)).to.equal('ÿÿ>?');
  });

  it('takes user names in UTF-8', () => {
    expect(basicUserName(basic('zoë😀:x'))).to.equal('zoë😀');
  });

  it('marks bytes that are not UTF-8', () => {
    expect(basicUserName(basic(Buffer.from('zo\u00eb:x', 'latin1')))).to.equal('zo\ufffd');
  });

  for (const [what, header] of [
    ['another scheme', 'Bearer YWRhOng='],
    ['a scheme that only begins alike', 'Basically YWRhOng='],
    ['no credentials', 'Basic '],
    ['no scheme', 'YWRhOng='],
    ['credentials that are not base64', 'Basic ada:secret'],
    ['credentials without a colon', basic('ada')],
    ['an empty user name', basic(':secret')],
    ['two tokens', 'Basic YWRhOng= YWRhOng='],
    ['empty text', ''],
  ] as const) {
    it(`yields null for ${what}`, () => {
      expect(basicUserName(header)).to.equal(null);
    });
  }

  it('does not look at credentials that are longer than any name', () => {
    expect(basicUserName(basic(`ada:${'x'.repeat(2900)}`))).to.equal('ada');
    expect(basicUserName(basic(`ada:${'x'.repeat(3100)}`))).to.equal(null);
  });
});
