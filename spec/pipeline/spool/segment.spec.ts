import { expect } from 'chai';
import fc from 'fast-check';
import { encodeLine } from '../../../src/pipeline/spool/line.js';
import { readSegment, takeRecords } from '../../../src/pipeline/spool/segment.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { encodeRecord } from '../../../src/record/wire.js';
import { makeRecords } from '../../support/records.js';

const RECORDS = ['{"id":"a","n":1}', '{"id":"b","text":"ä😀\\n"}', '{"id":"c","list":[1,2]}', '{"id":"d"}'];
const LINES = RECORDS.map((json, place) => encodeLine(place, json));
const WHOLE = Buffer.from(LINES.join(''));

describe('takeRecords', () => {
  it('hands out no more than so many records and bytes, to the byte, but at least one record', async () => {
    const records = makeRecords(6);
    const json = records.map(encodeRecord);
    const [first = 0, second = 0] = json.map((text) => Buffer.byteLength(text));
    const unread = [...json];
    const take = (count: number, bytes: number): Promise<UsageRecord[]> =>
      takeRecords(unread, count, bytes, (error) => expect.fail(String(error)));
    expect(await take(9, first + second)).to.deep.equal(records.slice(0, 2));
    expect(await take(9, 2 * first - 1)).to.have.lengthOf(1);
    expect(await take(9, 1)).to.have.lengthOf(1);
    expect(await take(1, Infinity)).to.have.lengthOf(1);
    expect(unread).to.have.lengthOf(1);
    expect(await take(9, Infinity)).to.deep.equal(records.slice(5));
    expect(unread).to.deep.equal([]);
  });
});

describe('readSegment', () => {
  it('reads what was written', () => {
    expect(readSegment(WHOLE)).to.deep.equal({ records: RECORDS, damaged: 0 });
    expect(readSegment(Buffer.alloc(0))).to.deep.equal({ records: [], damaged: 0 });
  });

  it('loses exactly the torn record, wherever a segment is cut', () => {
    const ends = LINES.map((_line, index) => Buffer.byteLength(LINES.slice(0, index + 1).join('')));
    for (let length = 0; length <= WHOLE.length; length += 1) {
      const whole = ends.filter((end) => end <= length).length;
      const isTorn = length > 0 && !ends.includes(length);
      const content = readSegment(WHOLE.subarray(0, length));
      expect(content, `cut to ${length} bytes`).to.deep.equal({
        records: RECORDS.slice(0, whole),
        damaged: isTorn ? 1 : 0,
      });
    }
  });

  it('loses at most two records, all of them counted, whichever bit flips', () => {
    for (let bit = 0; bit < WHOLE.length * 8; bit += 1) {
      const damaged = Buffer.from(WHOLE);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const content = readSegment(damaged);
      const isLineFeed = WHOLE[bit >> 3] === 10;
      const isLast = bit >> 3 === WHOLE.length - 1;
      expect(content.damaged, `bit ${bit}`).to.equal(isLineFeed && !isLast ? 2 : 1);
      expect(content.records.length + content.damaged, `bit ${bit}`).to.equal(RECORDS.length);
      for (const record of content.records) expect(RECORDS).to.include(record);
    }
  });

  it('never throws, and never makes up a record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(WHOLE.length), (noise, at) => {
        const content = Buffer.concat([WHOLE.subarray(0, at), noise, WHOLE.subarray(at)]);
        for (const record of readSegment(content).records) expect(RECORDS).to.include(record);
      }),
    );
  });

  it('does not read a record twice', () => {
    const twice = Buffer.concat([WHOLE, WHOLE]);
    expect(readSegment(twice).records).to.deep.equal(RECORDS);
  });
});
