import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { countStarts, decodeLine, encodeLine } from '../../../src/pipeline/spool/line.js';
import { anyText } from '../../support/any-text.js';

const withoutFeed = (line: string): Buffer => Buffer.from(line.slice(0, -1));

describe('A line of a spool', () => {
  it('is one line of JSON: version, checksum, place, record', () => {
    const line = encodeLine(7, '{"id":"a"}');
    expect(line).to.match(/^\[1,"[0-9a-f]{8}",7,\{"id":"a"\}\]\n$/);
    const [version, checksum, place, record] = JSON.parse(line) as [number, string, number, object];
    expect([version, place, record]).to.deep.equal([1, 7, { id: 'a' }]);
    expect(Number.parseInt(checksum, 16)).to.equal(crc32('7,{"id":"a"}]'));
  });

  it('always comes back as it was', () => {
    fc.assert(
      fc.property(fc.nat(), fc.dictionary(anyText(), fc.jsonValue()), (place, record) => {
        const json = JSON.stringify(record);
        expect(decodeLine(withoutFeed(encodeLine(place, json)))).to.deep.equal({ place, json });
      }),
    );
  });

  it('is refused when it is of another version, or no line of a spool at all', () => {
    const line = withoutFeed(encodeLine(0, '{"id":"a"}')).toString();
    for (const other of [line.replace('[1,', '[2,'), `${line} `, line.slice(1), '', '[]', '{}', 'null']) {
      expect(decodeLine(Buffer.from(other)), other).to.equal(null);
    }
  });

  it('tells how many lines began in a damaged one', () => {
    const line = encodeLine(0, '{"id":"a"}').trimEnd();
    expect(countStarts(Buffer.from(`${line}x${line}`))).to.equal(2);
    expect(countStarts(Buffer.from('nothing of the kind'))).to.equal(0);
  });
});
