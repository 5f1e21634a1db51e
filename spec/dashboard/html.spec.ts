import { expect } from 'chai';
import * as fc from 'fast-check';
import { Exact, type Html, html } from '../../src/dashboard/html.js';
import { escapeControl } from '../../src/record/escape-control.js';
import { anyText } from '../support/any-text.js';
import { type ParsedElement, elementsIn, parseHtml } from '../support/parsed-html.js';

/** Texts as strangers write them, lone surrogates included. */
const hostileText = fc.oneof(
  anyText(),
  fc.string({ unit: fc.constantFrom(...'<>"\'&;=/ -!ax\r\n\t\0\ud83d\ude00\u202e\u0085'.split('')) }),
  fc.constantFrom(
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onfocus=alert(1) autofocus='",
    '</title></textarea></select></svg></table><script>',
    '<!--',
    '-->',
    ']]>',
    '&lt;b&gt;&#60;&amp;',
    '${alert(1)}',
    'javascript:alert(1)',
  ),
);

/** All that stands around a text, each with a text of its own in it. */
const pageOf = (text: string): Html => html`<!doctype html>
<html lang="en"><head><title>${text}</title></head><body>
<p title="${text}" id="own">${text}</p>
<form><input value="${new Exact(text)}" name="${text}"><select><option value="${text}">${text}</option></select></form>
<svg role="img" aria-label="${text}"><g><title>${text}</title><text>${text}</text></g></svg>
<table><tbody><tr><td><bdi>${text}</bdi></td></tr></tbody></table>
</body></html>`;

/** An element without its texts: what an attacker would change. */
function shapeOf({ name, attributes, elements }: ParsedElement): unknown {
  return [name, Object.keys(attributes), elements.map(shapeOf)];
}

function first(page: ParsedElement, name: string): ParsedElement {
  const [element] = elementsIn(page, name);
  if (element === undefined) throw new Error(`There is no ${name}.`);
  return element;
}

describe('html', () => {
  it('has the texts that went in and nothing else come out of a parser', () => {
    const shape = shapeOf(parseHtml(pageOf('text').text));
    fc.assert(
      fc.property(hostileText, (text) => {
        const page = parseHtml(pageOf(text).text);
        expect(shapeOf(page)).to.deep.equal(shape);
        const shown = escapeControl(text).toWellFormed();
        for (const name of ['title', 'p', 'option', 'g', 'bdi'])
          expect(first(page, name).text).to.equal(name === 'g' ? shown + shown : shown);
        const attributes = [
          first(page, 'p').attributes['title'],
          first(page, 'option').attributes['value'],
          first(page, 'input').attributes['name'],
          first(page, 'svg').attributes['aria-label'],
        ];
        expect(new Set(attributes)).to.deep.equal(new Set([shown]));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps control characters of exact text, but for NUL, which no HTML can hold', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const { value } = first(parseHtml(pageOf(text).text), 'input').attributes;
        expect(value).to.equal(text.toWellFormed().replaceAll('\0', '\ufffd'));
      }),
      { numRuns: 300 },
    );
  });

  it('shows control characters, and those that change the direction of text', () => {
    expect(html`${'a\u202eb\x1bc\n'}`.text).to.equal('a\\u202eb\\x1bc\\x0a');
    expect(html`${new Exact('a\u202eb\x1bc\n')}`.text).to.equal('a\u202eb\x1bc\n');
  });

  it('puts HTML into HTML as it is, lists in their order, and nothing for null, undefined and false', () => {
    const item = (text: string): Html => html`<li>${text}</li>`;
    expect(
      html`<ul class="${'a&b'}">${['<', '>'].map(item)}${null}${undefined}${false}${0}${[[item('x'), 1.5], null]}</ul>`
        .text,
    ).to.equal('<ul class="a&amp;b"><li>&lt;</li><li>&gt;</li>0<li>x</li>1.5</ul>');
  });

  it('takes nothing for HTML that only looks like it', () => {
    for (const given of ['{"text":"<b>"}', String(html`<b>`)])
      expect(html`${given}`.text).to.not.include('<b>');
  });
});
