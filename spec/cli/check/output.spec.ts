import { expect } from 'chai';
import fc from 'fast-check';
import { annotation } from '../../../src/cli/check/github.js';
import { junitText } from '../../../src/cli/check/junit.js';
import { escapeControl } from '../../../src/record/escape-control.js';
import { HOSTILE_TEXTS } from '../../support/hostile-values.js';

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...HOSTILE_TEXTS.map(([, text]) => text)),
  fc
    .array(
      fc.constantFrom(
        '::',
        '%',
        '%25',
        '%0A',
        '\r',
        '\n',
        ',',
        ':',
        '##[',
        ']',
        '<',
        '&',
        '"',
        '\ud800',
        '\uffff',
      ),
    )
    .map((parts) => parts.join('')),
);

/** Reads a workflow command as GitHub's runner does (`ActionCommand.TryParseV2`). */
function readCommand(line: string): { level: string; title: string; message: string } {
  const end = line.indexOf('::', 2);
  const [level = '', properties = ''] = line.slice(2, end).split(/ (.*)/s);
  const [title = ''] = properties.split(',').map((property) => property.replace('title=', ''));
  const unescape = (text: string, characters: string): string =>
    [...characters].reduce(
      (left, one) =>
        left.replaceAll(`%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`, one),
      text,
    );
  return { level, title: unescape(title, '\r\n:,%'), message: unescape(line.slice(end + 2), '\r\n%') };
}

describe('Annotations', () => {
  it('are always one line that begins with the command, and say what they were given', () => {
    fc.assert(
      fc.property(texts, texts, (title, message) => {
        const text = annotation('warning', title, message);
        expect(text.slice(0, 10)).to.equal('::warning ');
        expect(text.replace(/\n$/, '')).not.to.match(/[\r\n]/);
        expect(readCommand(text.trimEnd().padEnd(text.length - 1))).to.deep.equal({
          level: 'warning',
          title: escapeControl(title),
          message: escapeControl(message),
        });
      }),
    );
  });
});

describe('Reports of JUnit', () => {
  it('always have nothing in them that XML 1.0 does not take, and no markup but their own', () => {
    fc.assert(
      fc.property(texts, texts, texts, (group, name, message) => {
        const xml = junitText('suite', [
          { group, name, message, result: 'failed' },
          { group, name, message, result: 'unknown' },
          { group, name, message, result: 'passed' },
        ]);
        expect(xml).not.to.match(/[^\n\u0020-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u);
        expect(xml.isWellFormed()).to.equal(true);
        const bare = xml.replaceAll(/="[^"<>]*"/g, '').replaceAll(/>[^<>"]+<\/system-out/g, '></system-out');
        expect(bare.split('\n').slice(3, 6)).to.deep.equal([
          '    <testcase classname name><failure message/></testcase>',
          '    <testcase classname name><error message/></testcase>',
          '    <testcase classname name><system-out></system-out></testcase>',
        ]);
      }),
    );
  });
});
