import { expect } from 'chai';
import { type DataPolicy, mergeDataPolicies, readDataPolicy } from '../../src/metadata/data-policy.js';
import { refusalOf } from '../support/refusal.js';

describe('readDataPolicy', () => {
  for (const [options, message] of [
    [{ query: 'page' }, /'query' is 'page'; expected a list/],
    [{ query: [''] }, /'query' is \[ '' \]; expected a list/],
    [{ query: ['*'] }, /'query' is \[ '\*' \]; expected a list of query names, each written out/],
    [{ params: { token: 'hide' } }, /'params' is .*; expected an object such as/],
    [{ params: ['token'] }, /'params' is .*; expected an object such as/],
    [{ retention: 7 }, /'retention' is 7; expected one of { days }, { weeks }, { months } and { years }/],
    [{ sampleRate: 1.5 }, /'sampleRate' is 1.5; expected a number from 0 to 1/],
    [{ keep: '' }, /'keep' is ''; expected one line of 1 to 200 characters/],
    [{ keep: ' ' }, /'keep' is ' '; expected one line/],
    [{ keep: 'two\nlines' }, /'keep' is 'two\\nlines'; expected one line/],
    [{ keep: 'two\u2028lines' }, /'keep' is [^]*; expected one line/],
    [{ keep: 'half \ud83c' }, /'keep' is .*; expected one line/],
    [{ keep: 'x'.repeat(201) }, /'keep' is .*; expected one line/],
    [{ keep: true }, /'keep' is true; expected one line/],
  ] as [object, RegExp][]) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const refusal = refusalOf(() => readDataPolicy('@Tracked()', options));
      expect(refusal.code).to.equal('INVALID_OPTION');
      expect(refusal.message)
        .to.match(/^@Tracked\(\): /)
        .and.match(message);
    });
  }
});

describe('A reason to keep an endpoint', () => {
  for (const keep of ['x', 'Ende des Jahres: «Abschluß»', '\u{1f384}'.repeat(200)]) {
    it(`may be ${JSON.stringify(keep.slice(0, 30))}, ${[...keep].length} characters`, () => {
      expect(readDataPolicy('@Tracked()', { keep })).to.include({ keep });
    });
  }
});

/** Two values of each option; where nothing can be less than one, it comes first. */
const VALUES: { readonly [Name in keyof DataPolicy]-?: readonly [DataPolicy[Name], DataPolicy[Name]] } = {
  ip: ['none', 'full'],
  query: [[], ['page']],
  params: [{ id: 'keep' }, { id: 'redact' }],
  sampleRate: [0, 1],
  name: ['search', 'find'],
  data: [false, true],
  keep: ['runs at the end of the year', 'asked for by the auditor'],
  retention: [{ days: 7 }, { days: 30 }],
};

describe('mergeDataPolicies', () => {
  for (const [name, [one, other]] of Object.entries(VALUES)) {
    it(`takes ${name} from the stronger level, and from the weaker one where that is silent`, () => {
      for (const [stronger, weaker] of [
        [one, other],
        [other, one],
      ]) {
        expect(mergeDataPolicies({ [name]: stronger }, { [name]: weaker })).to.deep.include({
          [name]: stronger,
        });
        expect(mergeDataPolicies({}, { [name]: weaker })).to.deep.include({ [name]: weaker });
        expect(mergeDataPolicies({ [name]: stronger }, {})).to.deep.include({ [name]: stronger });
      }
    });
  }

  it('merges what is said of parameters name by name', () => {
    const merged = mergeDataPolicies({ params: { a: 'keep' } }, { params: { a: 'redact', b: 'redact' } });
    expect(merged.params).to.deep.equal({ a: 'keep', b: 'redact' });
  });
});
