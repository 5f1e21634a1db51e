import { expect } from 'chai';
import * as fc from 'fast-check';
import { readOrigin, readTarget } from '../../../src/capture/request/request-target.js';

describe('readTarget', () => {
  it('splits the origin form', () => {
    expect(readTarget('/a/b?page=2&token=x', ['page'])).to.deep.equal({
      path: '/a/b',
      query: { page: '2' },
      search: '?page=2',
    });
    expect(readTarget('/', ['page'])).to.deep.equal({ path: '/', query: null, search: '' });
    expect(readTarget('/?', ['page'])).to.deep.equal({ path: '/', query: null, search: '' });
  });

  for (const [target, path] of [
    ['http://example.org/a?b=1', '/a'],
    ['http://ada:secret@example.org/a', '/a'],
    ['HTTPS://ada:secret@example.org', '/'],
    ['http://ada:secret@example.org?b=1', '/'],
    ['*', '*'],
    ['//ada/x', '//ada/x'],
    ['/http://example.org/a', '/http://example.org/a'],
    ['', '/'],
  ] as const) {
    it(`reads the path ${path} from '${target}'`, () => {
      expect(readTarget(target, []).path).to.equal(path);
    });
  }

  it('never keeps a name that is not allowed, nor its value', () => {
    const word = fc.stringMatching(/^[a-z]{1,6}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word)), fc.array(word), (pairs, allowed) => {
        const search = pairs.map(([name, value]) => `${name}=SECRET${value}`).join('&');
        const target = readTarget(`/p?${search}`, allowed);
        const names = new Set(pairs.map(([name]) => name).filter((name) => allowed.includes(name)));
        expect(Object.keys(target.query ?? {})).to.have.members([...names]);
        expect(new Set(new URLSearchParams(target.search).keys())).to.deep.equal(names);
        if (names.size === 0) expect(JSON.stringify(target)).to.not.include('SECRET');
      }),
    );
  });

  it('keeps the values of a name that comes again as a list, in the query and in the text', () => {
    expect(readTarget('/p?tag=a&tag=b&x=1&tag=', ['tag'])).to.deep.equal({
      path: '/p',
      query: { tag: ['a', 'b', ''] },
      search: '?tag=a&tag=b&tag=',
    });
  });

  it('decodes names and values, and encodes them again for the text', () => {
    expect(readTarget('/p?na%6De=a+b%26c%C3%A9', ['name'])).to.deep.equal({
      path: '/p',
      query: { name: 'a b&cé' },
      search: '?name=a%20b%26c%C3%A9',
    });
  });

  it('takes broken escapes as they can be read', () => {
    const { query } = readTarget('/p?a=%E0%A4%A&b=%zz', ['a', 'b']);
    expect(query).to.have.property('b', '%zz');
    expect(query?.['a']).to.be.a('string');
  });

  it('takes __proto__ as a name like others', () => {
    const { query, search } = readTarget('/p?__proto__=1', ['__proto__']);
    expect(Object.entries(query ?? {})).to.deep.equal([['__proto__', '1']]);
    expect(Object.getPrototypeOf(query)).to.equal(Object.prototype);
    expect(search).to.equal('?__proto__=1');
  });

  it('yields no name that every object has', () => {
    expect(readTarget('/p?a=1', ['constructor', 'toString', '__proto__']).query).to.equal(null);
  });

  it('looks at no more than a thousand names', () => {
    const names = Array.from({ length: 2000 }, (_, index) => `n${index}=${index}`).join('&');
    expect(readTarget(`/p?${names}`, ['n999', 'n1000']).query).to.deep.equal({ n999: '999' });
  });
});

describe('readOrigin', () => {
  it('joins scheme and host', () => {
    expect(readOrigin('https', 'example.org:8443')).to.equal('https://example.org:8443');
    expect(readOrigin('http', '[::1]:80')).to.equal('http://[::1]:80');
  });

  it('is empty where the client named no host', () => {
    expect(readOrigin('http', '')).to.equal('');
  });

  it('leaves out credentials', () => {
    expect(readOrigin('http', 'ada:secret@example.org')).to.equal('http://example.org');
    expect(readOrigin('http', 'ada:se@cret@example.org')).to.equal('http://example.org');
  });
});
