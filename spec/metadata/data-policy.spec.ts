import { expect } from 'chai';
import { mergeDataPolicies, readDataPolicy } from '../../src/metadata/data-policy.js';
import { refusalOf } from '../support/refusal.js';

describe('readDataPolicy', () => {
  for (const [options, message] of [
    [{ ip: 'some' }, /'ip' is 'some'; expected 'full' or 'truncate' or 'none'/],
    [{ query: 'page' }, /'query' is 'page'; expected a list/],
    [{ query: [''] }, /'query' is \[ '' \]; expected a list/],
    [{ params: { token: 'hide' } }, /'params' is .*; expected an object such as/],
    [{ params: ['token'] }, /'params' is .*; expected an object such as/],
    [{ sampleRate: 1.5 }, /'sampleRate' is 1.5; expected a number from 0 to 1/],
    [{ sampleRate: Number.NaN }, /'sampleRate' is NaN/],
    [{ name: '' }, /'name' is ''; expected text/],
    [{ data: 'no' }, /'data' is 'no'; expected true or false/],
    [{ sample: 1 }, /there is no option 'sample'/],
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

describe('mergeDataPolicies', () => {
  it('takes each option from the stronger level that has one', () => {
    const merged = mergeDataPolicies({ ip: 'none', data: false }, { ip: 'full', query: ['a'], data: true });
    expect(merged).to.deep.include({ ip: 'none', query: ['a'], data: false });
  });

  it('merges what is said of parameters name by name', () => {
    const merged = mergeDataPolicies({ params: { a: 'keep' } }, { params: { a: 'redact', b: 'redact' } });
    expect(merged.params).to.deep.equal({ a: 'keep', b: 'redact' });
  });
});
