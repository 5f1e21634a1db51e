import { createHash } from 'node:crypto';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../../src/storage/usage-cursor.js';
import { anyText } from '../support/any-text.js';

const position = { date: new Date('2026-03-01T12:00:00.123Z'), id: '019a4b3c-1234-7abc-8def-0123456789ab' };

/** A cursor of these bytes with the checksum that a stranger could compute from the sources. */
function forge(bytes: Buffer, scope: string): string {
  const hash = createHash('sha256')
    .update('koa-track-usage cursor\0')
    .update(bytes)
    .update('\0')
    .update(scope);
  return Buffer.concat([bytes, hash.digest().subarray(0, 12)]).toString('base64url');
}

function bytesOf(version: number, dateMs: number, id: string): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt8(version);
  head.writeDoubleBE(dateMs, 1);
  return Buffer.concat([head, Buffer.from(id)]);
}

describe('The cursor', () => {
  it('gives back every position that it was made of', () => {
    const date = fc.date({ noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.uuid(), anyText(), (moment, id, scope) => {
        expect(decodeCursor(encodeCursor({ date: moment, id }, scope), scope)).to.deep.equal({
          date: moment,
          id,
        });
      }),
    );
  });

  it('is text that a query string takes as it is, of the same length for every record', () => {
    const cursor = encodeCursor(position, '');
    expect(cursor).to.match(/^[A-Za-z0-9_-]{76}$/);
    expect(encodeURIComponent(cursor)).to.equal(cursor);
    expect(encodeCursor({ ...position, date: new Date(-8.64e15) }, 'a longer scope')).to.have.lengthOf(76);
  });

  it('is the same in every process, so that one that restarts takes it', () => {
    expect(encodeCursor(position, 'scope')).to.equal(
      forge(bytesOf(1, position.date.getTime(), position.id), 'scope'),
    );
  });

  it('is null for another scope', () => {
    const cursor = encodeCursor(position, '[null,null,[]]');
    for (const scope of ['', '[null,null,[] ]', '[null,null,[["status",200]]]']) {
      expect(decodeCursor(cursor, scope)).to.equal(null);
    }
  });

  it('is null when any bit of it is flipped', () => {
    const bytes = Buffer.from(encodeCursor(position, ''), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(decodeCursor(flipped.toString('base64url'), '')).to.equal(null);
    }
  });

  it('is null for another text of the same bytes', () => {
    const short = encodeCursor({ ...position, id: 'ab' }, '');
    expect(decodeCursor(short, '')).to.deep.equal({ ...position, id: 'ab' });
    const spare = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = spare.indexOf(short.at(-1) ?? '');
    const twin = short.slice(0, -1) + spare.charAt(last + 1);
    expect(Buffer.from(twin, 'base64url')).to.deep.equal(Buffer.from(short, 'base64url'));
    for (const text of [twin, `${short}=`, ` ${short}`, `${short.slice(0, 4)}\n${short.slice(4)}`]) {
      expect(decodeCursor(text, '')).to.equal(null);
    }
  });

  it('is null where the checksum is right and the rest makes no sense', () => {
    const ms = position.date.getTime();
    const forgeries = [
      bytesOf(0, ms, position.id),
      bytesOf(2, ms, position.id),
      bytesOf(1, NaN, position.id),
      bytesOf(1, Infinity, position.id),
      bytesOf(1, 8.64e15 + 1, position.id),
      bytesOf(1, ms, ''),
      bytesOf(1, ms, 'a\0b'),
      bytesOf(1, ms, 'a b'),
      bytesOf(1, ms, '😀'),
      bytesOf(1, ms, `${position.id}0`),
      Buffer.from([1]),
      Buffer.alloc(0),
    ];
    for (const bytes of forgeries) expect(decodeCursor(forge(bytes, ''), '')).to.equal(null);
    expect(decodeCursor(forge(bytesOf(1, ms, position.id), ''), '')).to.deep.equal(position);
  });

  it('is null for any other text, however long', () => {
    for (const text of [
      '',
      'A',
      '\0',
      '💥',
      'x'.repeat(1_000_000),
      '='.repeat(76),
      JSON.stringify(position),
    ]) {
      expect(decodeCursor(text, '')).to.equal(null);
    }
  });
});
