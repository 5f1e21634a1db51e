import { expect } from 'chai';
import fc from 'fast-check';
import { isSecretName, redactQuery, redactRoute } from '../../../src/capture/request/redaction.js';

describe('isSecretName', () => {
  for (const name of [
    'token',
    'password',
    'api_key',
    'API-KEY',
    'apiKey',
    'code',
    'X-Amz-Signature',
    'sid',
    'x-api-key',
    'X-Auth-Token',
    'user[password]',
    'user[password_confirmation]',
    'new_password',
    'password2',
    'private_token',
    'id_token_hint',
    'totp',
    'authenticity_token',
    'clientSecret',
    'subscription-key',
    'JSESSIONID',
  ]) {
    it(`knows ${name}`, () => expect(isSecretName(name, 'query')).to.equal(true));
  }

  for (const name of [
    'page',
    'q',
    'id',
    'codec',
    'tokens',
    'keyboard',
    'passage',
    'token_type',
    'sort_key',
    'public_key',
    'monkey',
    'laptop',
    '',
    '__proto__',
  ]) {
    it(`leaves alone '${name}'`, () => expect(isSecretName(name, 'query')).to.equal(false));
  }
  it('takes some names for secrets in a query only', () => {
    expect(isSecretName('code', 'path')).to.equal(false);
    expect(isSecretName('resetToken', 'path')).to.equal(true);
  });
});

describe('redactQuery', () => {
  it('takes out the values of secrets, each of a list, and keeps the others', () => {
    expect(redactQuery({ page: '2', token: 'abc', code: ['a', 'b'] })).to.deep.equal({
      page: '2',
      token: 'REDACTED',
      code: ['REDACTED', 'REDACTED'],
    });
  });

  for (const [value, shown] of [
    ['http://ada:pw@h/?token=x', 'http://REDACTED@h/?token=REDACTED'],
    ['https://ada:p@w@h', 'https://REDACTED@h'],
    ['//ada@h/a?page=2&Api-Key=x#y', '//REDACTED@h/a?page=2&Api-Key=REDACTED#y'],
    ['/login#access_token=x&page=2', '/login#access_token=REDACTED&page=2'],
    ['/a?page=2&q=a@b', '/a?page=2&q=a@b'],
    ['http://h/a@b?x=//c', 'http://h/a@b?x=//c'],
    ['a=b@c', 'a=b@c'],
    [String.raw`https:\\ada:pw@h`, String.raw`https:\\REDACTED@h`],
    ['1;token=x', '1;token=REDACTED'],
    ['/cb;jsessionid=x?page=2;TOKEN=y&q=1', '/cb;jsessionid=REDACTED&q=1'],
    ['/a?page=2;token=x;y', '/a?page=2;token=REDACTED'],
    ['/login?next=/cb?token=x&page=2', '/login?next=/cb?token=REDACTED&page=2'],
    ['/login?next=%2Fcb%3Ftoken%3Dx', '/login?next=/cb?token=REDACTED'],
    ['/login?next=%2Fa%3Fnext%3D%252Fcb%253Ftoken%253Dx', '/login?next=/a?next=/cb?token=REDACTED'],
    ['https%3A%2F%2Fada%3Apw%40h%2F', 'https://REDACTED@h/'],
    ['%zz%2F%2Fada%3Apw%40h%2F%C3%A4%0A', '%25zz//REDACTED@h/%C3%A4%0A'],
    ['/a%20b?c=%2F%2F', '/a%20b?c=%2F%2F'],
  ]) {
    it(`shows an address within a value, ${value}, as ${shown}`, () => {
      expect(redactQuery({ next: value as string, all: [value as string] })).to.deep.equal({
        next: shown,
        all: [shown],
      });
    });
  }

  it('always takes a secret out of an address within addresses, encoded up to three times', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 3 }),
        fc.stringMatching(/^[a-z]{8,12}$/),
        fc.boolean(),
        (depth, secret, isUser) => {
          let next = isUser ? `https://ada:${secret}@h/` : `/cb?page=1&token=${secret}`;
          for (let layer = 0; layer < depth; layer += 1) next = `/login?next=${encodeURIComponent(next)}`;
          expect(JSON.stringify(redactQuery({ next }))).to.not.include(secret);
        },
      ),
    );
  });

  it('leaves alone what has none', () => expect(redactQuery(null)).to.equal(null));
});

describe('redactRoute', () => {
  const CASES: [path: string, params: Record<string, string>, rules: object, shown: string][] = [
    ['/reset/abc', { token: 'abc' }, {}, '/reset/REDACTED'],
    ['/reset/abc', { token: 'abc' }, { token: 'keep' }, '/reset/abc'],
    ['/users/7', { id: '7' }, {}, '/users/7'],
    ['/users/7', { id: '7' }, { id: 'redact' }, '/users/REDACTED'],
    ['/users/7/orders/7', { id: '7' }, { id: 'redact' }, '/users/REDACTED/orders/REDACTED'],
    ['/mail/a%40b.ch', { mail: 'a@b.ch' }, { mail: 'redact' }, '/mail/REDACTED'],
    ['/file-7.json', { id: '7' }, { id: 'redact' }, '/file-REDACTED.json'],
    ['/reports/reports.pdf', { name: 'reports' }, { name: 'redact' }, '/the/:template'],
    ['/v1/users/1', { id: '1' }, { id: 'redact' }, '/the/:template'],
    ['/a/b/c', { rest: 'b/c' }, { rest: 'redact' }, '/the/:template'],
    ['/%zz/abc', { token: 'abc' }, {}, '/%zz/REDACTED'],
    ['/x/', { token: '' }, {}, '/x/'],
    ['/x', { constructor: 'y' }, {}, '/x'],
    ['/v/5;token=abc', { id: '5;token=abc' }, {}, '/v/5;token=REDACTED'],
    ['/cart;jsessionid=abc', {}, {}, '/cart;jsessionid=REDACTED'],
    ['/get/https://ada:pw@h/x', { url: 'https://ada:pw@h/x' }, {}, '/get/https://REDACTED@h/x'],
    ['/get/https%3A%2F%2Fada%3Apw%40h', { url: 'https://ada:pw@h' }, {}, '/get/https://REDACTED@h'],
    ['//ada:pw@h/x', {}, {}, '//REDACTED@h/x'],
    ['/cb%3Ftoken=abc', {}, {}, '/cb?token=REDACTED'],
    ['/a%20b;v=1/@ada/x%2Fy', {}, {}, '/a%20b;v=1/@ada/x%2Fy'],
  ];

  for (const [path, params, rules, shown] of CASES) {
    it(`shows ${path} with ${JSON.stringify(params)} and ${JSON.stringify(rules)} as ${shown}`, () => {
      expect(redactRoute(path, params, rules as never, '/the/:template').path).to.equal(shown);
    });
  }

  it('takes the secrets of an address out of a parameter that is kept', () => {
    const params = { url: 'https://ada:pw@h/?token=x', id: '5;token=x', page: '2', list: [1] };
    expect(redactRoute('/x', params, { url: 'keep' }, null).params).to.deep.equal({
      url: 'https://REDACTED@h/?token=REDACTED',
      id: '5;token=REDACTED',
      page: '2',
      list: [1],
    });
  });

  it('always takes a redacted value out of parameters and path', () => {
    const value = fc.string({ minLength: 6, unit: 'grapheme' }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(value, fc.array(fc.string()), (secret, before) => {
        const path = ['', ...before.map(encodeURIComponent), encodeURIComponent(secret)].join('/');
        const { path: shown, params } = redactRoute(path, { secret }, {}, '/x/:secret');
        expect(params).to.deep.equal({ secret: 'REDACTED' });
        expect(shown.split('/').map(decodeURIComponent)).to.not.include(secret);
      }),
    );
  });
});
