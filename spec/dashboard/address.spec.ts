import { expect } from 'chai';
import * as fc from 'fast-check';
import { Address } from '../../src/dashboard/address.js';
import { html } from '../../src/dashboard/html.js';
import { anyText } from '../support/any-text.js';
import { linksIn, parseHtml } from '../support/parsed-html.js';

/** The query of a link as a browser sends it, which finds it in a page. */
function sentBy(link: ReturnType<Address['to']>): string {
  const [found] = linksIn(parseHtml(html`<a href="${link}">x</a>`.text));
  if (found === undefined) throw new Error('There is no link.');
  const url = new URL(found, 'https://shop.example/admin/usage?view=old');
  expect(url.pathname + url.hash).to.equal('/admin/usage');
  expect(found).to.match(/^\?/);
  return url.search.slice(1);
}

const name = fc.constantFrom('view', 'method', 'route', 'service', 'username', 'cursor', 'path', '__proto__');
const parameters = fc.dictionary(name, anyText({ minLength: 1 }), { noNullPrototype: true });

describe('The address of a page', () => {
  it('gives back what went into a link', () => {
    fc.assert(
      fc.property(parameters, (given) => {
        const address = new Address(sentBy(new Address('').with(given)));
        for (const [key, value] of Object.entries(given)) {
          if (key === '__proto__') continue;
          expect(address.exact(key)).to.equal(value);
          expect(address.get(key)).to.equal(value.trim() || null);
        }
      }),
    );
  });

  it('keeps what the figures are about from page to page, and nothing else', () => {
    fc.assert(
      fc.property(anyText({ minLength: 1 }), parameters, (service, others) => {
        const address = new Address('').with({ ...others, service, days: 30, to: '2026-01-31', people: 1 });
        const next = new Address(sentBy(new Address(sentBy(address)).to('callers', { method: 'GET' })));
        expect(Object.fromEntries(next.hidden([]))).to.deep.equal({
          view: 'callers',
          days: '30',
          to: '2026-01-31',
          service,
          people: '1',
          method: 'GET',
        });
      }),
    );
  });

  it('changes one parameter of a page, and keeps the others in their order', () => {
    const address = new Address('view=endpoints&sort=calls&order=up&skip=100&service=a%26b');
    expect(sentBy(address.with({ sort: 'p95Ms', skip: null }))).to.equal(
      'view=endpoints&sort=p95Ms&order=up&service=a%26b',
    );
  });

  it('never throws, whatever the query is', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText(), fc.string({ unit: fc.constantFrom(...'%&=+?dayfrom1\ud800'.split('')) })),
        (query) => {
          const address = new Address(query);
          void [address.span, address.endpoint, address.hidden(['view'])];
          for (const link of [address.to(query), address.with({ route: query })])
            expect(new Address(sentBy(link)).get('days')).to.equal(address.exact('days'));
        },
      ),
    );
  });

  it('has the first of several parameters with one name, in its figures, its links and its form', () => {
    const address = new Address('days=7&days=30&view=a');
    expect(address.span).to.include({ days: 7 });
    expect(sentBy(address.with({}))).to.equal('days=7&view=a');
    expect(address.hidden([])).to.deep.equal([
      ['days', '7'],
      ['view', 'a'],
    ]);
  });

  it('takes no parameter into its links that no page has', () => {
    const foreign = Array.from({ length: 1000 }, (_, index) => `&x${index}=1`).join('');
    const address = new Address(`view=a${foreign}&__proto__=1&days=7`);
    expect(sentBy(address.with({}))).to.equal('view=a&days=7');
    expect(address.hidden([])).to.have.lengthOf(2);
    expect(address.get('x1')).to.equal(null);
  });

  it('leaves out what nobody filled in', () => {
    const address = new Address('days=&from=&to=+&service=&people=&method=GET&route=');
    expect(address.span).to.deep.equal({ days: undefined, to: undefined, service: undefined });
    expect(address.endpoint).to.equal(null);
    expect(sentBy(address.to('traffic', { route: '', username: null }))).to.equal('view=traffic&to=+');
  });

  for (const [query, span] of [
    ['days=30', { days: 30 }],
    ['days=%2030%20', { days: 30 }],
    ['days=30&from=2026-01-31', { from: '2026-01-31' }],
    ['days=ten', { days: 'ten' }],
    ['days=-5', { days: '-5' }],
    ['days=1e3', { days: '1e3' }],
    ['days=9999999999999999', { days: '9999999999999999' }],
    ['people=1', { people: true }],
    ['people=0', {}],
    ['service=+shop+', { service: ' shop ' }],
  ] as const) {
    it(`says of ${query}: ${JSON.stringify(span)}`, () => {
      const told = Object.entries(new Address(query).span).filter(([, value]) => value !== undefined);
      expect(Object.fromEntries(told)).to.deep.equal(span);
    });
  }

  it('names an endpoint by method and route alone, blanks included', () => {
    expect(new Address('method=GET&route=%20/a%20').endpoint).to.deep.include({
      method: 'GET',
      route: ' /a ',
    });
    for (const query of ['method=GET', 'route=/a', '']) expect(new Address(query).endpoint).to.equal(null);
  });
});
