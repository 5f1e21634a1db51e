import { expect } from 'chai';
import * as fc from 'fast-check';
import { limitJsonObject } from '../../src/record/json.js';
import { JSON_LIMITS } from '../../src/record/limits.js';
import { CUT_MARK } from '../../src/record/text.js';
import type { JsonValue } from '../../src/record/usage-record.js';
import { anyObject } from '../support/arbitrary-json.js';

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function widthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  const items = Array.isArray(value) ? value : Object.keys(value);
  return Math.max(items.length, ...Object.values(value).map(widthOf));
}

function textsOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  const names = Array.isArray(value) ? [] : Object.keys(value);
  return [...names, ...Object.values(value).flatMap(textsOf)];
}

describe('limitJsonObject', () => {
  it('always stays within the limits of bytes, depth, width and text', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        const limited = limitJsonObject(object);
        expect(Buffer.byteLength(JSON.stringify(limited))).to.be.at.most(JSON_LIMITS.bytes);
        expect(depthOf(limited)).to.be.at.most(JSON_LIMITS.depth);
        // One more for the mark.
        expect(widthOf(limited)).to.be.at.most(JSON_LIMITS.keys + 1);
        for (const text of textsOf(limited)) {
          expect(text.length).to.be.at.most(JSON_LIMITS.text);
          expect(text.isWellFormed()).to.equal(true);
          expect(text).to.not.include('\0');
        }
      }),
    );
  });

  it('always yields what JSON text gives back unchanged', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        const limited = limitJsonObject(object);
        expect(JSON.parse(JSON.stringify(limited))).to.deep.equal(limited);
      }),
    );
  });

  it('always leaves as it is what it has made, marks included', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        const limited = limitJsonObject(object);
        expect(limitJsonObject(limited)).to.deep.equal(limited);
      }),
    );
  });

  it('adds what is missing now to what an earlier mark says', () => {
    const names = Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`n${index}`, index]));
    const limited = limitJsonObject({ ...names, [CUT_MARK]: 100 });
    expect(Object.keys(limited)).to.have.lengthOf(JSON_LIMITS.keys + 1);
    expect(limited[CUT_MARK]).to.equal(106);
  });

  it('takes a name … that counts nothing as data', () => {
    for (const value of ['text', 0, -1, 1.5, 1e9, null, {}]) {
      expect(limitJsonObject({ [CUT_MARK]: value })).to.deep.equal({ [CUT_MARK]: value });
    }
  });

  it('changes nothing in a small object of JSON values', () => {
    const value = {
      text: 'é😀',
      number: -1.5,
      flag: true,
      nothing: null,
      list: [1, ['a'], {}],
      object: { a: {} },
    };
    expect(limitJsonObject(value)).to.deep.equal(value);
  });

  it('turns what JSON has no word for into null, text or nothing', () => {
    expect(
      limitJsonObject({
        nan: NaN,
        infinite: -Infinity,
        zero: -0,
        big: 12345678901234567890n,
        date: new Date('2026-03-01T12:00:00.123Z'),
        noDate: new Date(NaN),
        missing: undefined,
        symbol: Symbol('s'),
        call: () => 1,
        list: [undefined, () => 1, 2],
      }),
    ).to.deep.equal({
      nan: null,
      infinite: null,
      zero: 0,
      big: '12345678901234567890',
      date: '2026-03-01T12:00:00.123Z',
      noDate: null,
      list: [null, null, 2],
    });
  });

  it('lets an object with a toJSON say what it is, as JSON.stringify does', () => {
    class Account {
      password = 'secret';
      toJSON(name: string) {
        return { id: 1, name };
      }
    }
    const account = new Account();
    const url = new URL('https://example.org/a');
    expect(limitJsonObject({ account, list: [account], url })).to.deep.equal({
      account: { id: 1, name: 'account' },
      list: [{ id: 1, name: '0' }],
      url: 'https://example.org/a',
    });
    expect(limitJsonObject(account)).to.deep.equal({ id: 1, name: '' });
    expect(limitJsonObject({ toJSON: 'text' })).to.deep.equal({ toJSON: 'text' });
  });

  for (const form of [null, 'text', [1], undefined]) {
    it(`refuses an object whose toJSON makes ${JSON.stringify(form)} of it`, () => {
      expect(() => limitJsonObject({ toJSON: () => form })).to.throw(TypeError, 'expected an object');
    });
  }

  it('leaves out binary data, which would be millions of numbers', () => {
    const binary = { buffer: Buffer.from('secret'), bytes: new Uint8Array(3), list: [new Float64Array(1)] };
    expect(limitJsonObject(binary)).to.deep.equal({ list: [null] });
  });

  it('keeps the first names of an object and says how many are missing', () => {
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`n${index}`, index]));
    const limited = limitJsonObject({ wide })['wide'] as Record<string, JsonValue>;
    expect(Object.keys(limited)).to.deep.equal([...Object.keys(wide).slice(0, JSON_LIMITS.keys), CUT_MARK]);
    expect(limited[CUT_MARK]).to.equal(100 - JSON_LIMITS.keys);
  });

  it('keeps the first items of a list and marks that some are missing', () => {
    const list = Array.from({ length: 100 }, (_, index) => index);
    expect(limitJsonObject({ list })['list']).to.deep.equal([...list.slice(0, JSON_LIMITS.keys), CUT_MARK]);
    const whole = list.slice(0, JSON_LIMITS.keys);
    expect(limitJsonObject({ whole })['whole']).to.deep.equal(whole);
  });

  it('puts a mark in the place of what lies too deep', () => {
    expect(limitJsonObject({ a: { b: { c: { d: { e: 1 } } } } })).to.deep.equal({
      a: { b: { c: { d: { e: 1 } } } },
    });
    expect(limitJsonObject({ a: { b: { c: { d: { e: { f: 1 } } } } } })).to.deep.equal({
      a: { b: { c: { d: { e: CUT_MARK } } } },
    });
    expect(limitJsonObject({ a: [[[[[1]]]]] })).to.deep.equal({ a: [[[[CUT_MARK]]]] });
  });

  it('ends with an object that holds itself', () => {
    const endless: Record<string, unknown> = {};
    endless['self'] = endless;
    expect(depthOf(limitJsonObject(endless))).to.equal(JSON_LIMITS.depth);
  });

  it('leaves out what the bytes cannot pay for, and keeps small names behind it', () => {
    const limited = limitJsonObject({
      ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`big${index}`, 'x'.repeat(1024)])),
      small: 1,
    });
    expect(limited['big6']).to.equal('x'.repeat(1024));
    expect(limited).to.include({ small: 1, [CUT_MARK]: 1 });
    expect(limited).to.not.have.property('big7');
  });

  it('counts bytes of UTF-8 and of escapes, not characters', () => {
    const texts = Array.from({ length: 8 }, () => '\u0001'.repeat(1024));
    const limited = limitJsonObject({ texts });
    expect(limited['texts']).to.deep.equal([texts[0], CUT_MARK]);
  });

  it('takes a name like __proto__ as data', () => {
    const limited = limitJsonObject(JSON.parse('{"__proto__":{"polluted":true}}') as object);
    expect(Object.getPrototypeOf(limited)).to.equal(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(limited, '__proto__')?.value).to.deep.equal({ polluted: true });
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
  });
});
