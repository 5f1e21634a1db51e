import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  type Hops,
  forwardedHops,
  isSoleEntry,
  trimBlanks,
  xForwardedForHops,
} from '../../../../src/capture/client/address/forwarded-header.js';
import { anyText } from '../../../support/any-text.js';

function all(hops: Hops): string[] {
  const entries: string[] = [];
  for (let entry = hops(); entry !== undefined; entry = hops()) entries.push(entry);
  return entries;
}

/** Header text: no control characters but the tab. */
const headerText = fc.stringMatching(/^[\t -~]{0,60}$/);

describe('xForwardedForHops', () => {
  it('always yields the entries from the last to the first', () => {
    const entry = fc.stringMatching(/^[^,\s]{0,20}$/);
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1 }),
        fc.constantFrom(',', ', ', ' ,\t'),
        (entries, separator) => {
          expect(all(xForwardedForHops(entries.join(separator)))).to.deep.equal(entries.toReversed());
        },
      ),
    );
  });

  it('yields nothing of an entry that is too long', () => {
    expect(all(xForwardedForHops(`a,${'b'.repeat(1025)},c`))).to.deep.equal(['c', '', 'a']);
  });
});

describe('isSoleEntry', () => {
  it('always says of a header whether it is one entry, with nothing around it', () => {
    const header = fc.oneof(headerText, fc.stringMatching(/^[\da-f.:]{0,20}[, \t]?$/));
    fc.assert(
      fc.property(header, (text) => {
        if (isSoleEntry(text)) expect(all(xForwardedForHops(text))).to.deep.equal([text]);
        else expect(text).to.match(/^$|[, \t]/);
      }),
    );
  });

  it('is false of what was not sent, what is a list, and what is too long to be read', () => {
    expect(isSoleEntry(undefined)).to.equal(false);
    expect(isSoleEntry(['203.0.113.7'])).to.equal(false);
    expect(isSoleEntry('b'.repeat(1024))).to.equal(true);
    expect(isSoleEntry('b'.repeat(1025))).to.equal(false);
  });
});

describe('forwardedHops', () => {
  it('always yields what proxies wrote behind it, whatever a client sent', () => {
    const value = fc
      .stringMatching(/^[!-~]{1,10}$/)
      .map((text) => text.replaceAll(/[\\"]/g, String.raw`\$&`));
    const element = fc.tuple(
      fc.constantFrom('for=203.0.113.7', 'FOR="203.0.113.7"', 'proto=http;for="203.0.113.7"'),
      value,
    );
    fc.assert(
      fc.property(headerText, fc.array(element, { minLength: 1, maxLength: 3 }), (sent, elements) => {
        const written = elements.map(([source, host]) => `${source};host="${host}"`);
        const hops = all(forwardedHops([sent, ...written].join(', ')));
        expect(hops.slice(0, written.length)).to.deep.equal(written.map(() => '203.0.113.7'));
      }),
    );
  });

  it('always comes to an end', () => {
    fc.assert(
      fc.property(anyText(), headerText, (one, other) => {
        for (const text of [one, other])
          expect(all(forwardedHops(text)).length).to.be.at.most(text.length + 1);
      }),
    );
  });

  it('yields nothing of an element that is too long, and what stands behind it', () => {
    const long = `for=6.6.6.6;host="${'x,'.repeat(600)}"`;
    expect(all(forwardedHops(`${long}, for=203.0.113.7`))).to.deep.equal(['203.0.113.7', '']);
  });
});

describe('trimBlanks', () => {
  it('takes the blanks of HTTP from both ends, and no others', () => {
    expect(trimBlanks(' \t a b\t ')).to.equal('a b');
    expect(trimBlanks(' \t ')).to.equal('');
    expect(trimBlanks('')).to.equal('');
    expect(trimBlanks('\u00A0a\n')).to.equal('\u00A0a\n');
  });
});
