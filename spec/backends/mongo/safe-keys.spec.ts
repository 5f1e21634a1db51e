import { expect } from 'chai';
import * as fc from 'fast-check';
import { BSON } from 'mongodb';
import type { JsonValue } from '../../../src/record/usage-record.js';
import { decodeJson, encodeJson } from '../../../src/backends/mongo/safe-keys.js';
import { anyText } from '../../support/any-text.js';
import { HOSTILE_JSON } from '../../support/hostile-values.js';

/** The names that servers or the driver take for something else than names, and pieces of our own encoding. */
const EVIL = fc.constantFrom(
  ...'$inc $where $ref $id $db a.b . $ __proto__ constructor valueOf toString hasOwnProperty __defineGetter__ toBSON _bsontype _id a\0b'.split(
    ' ',
  ),
  ...'% %24 %25 %[] %5Fbsontype %5F%5Fproto__ a%2Eb'.split(' '),
  '',
);
const name = fc.oneof(EVIL, anyText({ maxLength: 12 }), fc.string({ maxLength: 6 }));

const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ) as fc.Arbitrary<JsonValue>,
}));

const json = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true }).map(
  // Negative zero is none of JSON's numbers.
  (object) => JSON.parse(JSON.stringify(object)) as JsonValue,
);

/** What a server, old or new, could take for something else, with the path to it. */
function unsafeParts(part: unknown, path = 'it'): string[] {
  if (typeof part !== 'object' || part === null) return [];
  const found: string[] = [];
  for (const [key, item] of Object.entries(part)) {
    const place = `${path}/${key}`;
    const isUnsafe =
      !Array.isArray(part) && (/[$.\0]/.test(key) || ['', '_bsontype'].includes(key) || key in {});
    const isListInList = Array.isArray(part) && Array.isArray(item);
    if (isUnsafe || isListInList) found.push(place);
    found.push(...unsafeParts(item, place));
  }
  return found;
}

describe('Names in a document', () => {
  it('are never an operator, a path or a type, whatever was sent', () => {
    fc.assert(fc.property(json, (object) => unsafeParts(encodeJson(object)).length === 0));
  });

  it('come back as they were sent, through BSON, whatever was sent', () => {
    const property = fc.property(json, (object) => {
      const bytes = BSON.serialize({ part: encodeJson(object) });
      // As the driver does.
      const { part } = BSON.deserialize(bytes, { fieldsAsRaw: {} });
      expect(decodeJson(part as JsonValue)).to.deep.equal(object);
    });
    fc.assert(property, { numRuns: 300 });
  });

  for (const [title, object] of HOSTILE_JSON) {
    it(`come back where there is ${title}`, () => {
      const encoded = encodeJson(object);
      expect(unsafeParts(encoded)).to.deep.equal([]);
      expect(decodeJson(encoded)).to.deep.equal(object);
    });
  }

  it('stay as they are where they are ordinary, and cost no copy', () => {
    const object = { id: '7', tags: ['a', 'b'], plan: { seats: 3, 'with space': null, größe: true, _id: 1 } };
    expect(encodeJson(object)).to.equal(object);
    expect(decodeJson(object)).to.equal(object);
  });

  it('are percent-encoded where they are not', () => {
    const object = { $inc: '5', 'a.b': { '': 1 }, _bsontype: 'ObjectId', '100%': [[1], [[2]]] };
    expect(encodeJson(object)).to.deep.equal({
      '%24inc': '5',
      'a%2Eb': { '%': 1 },
      '%5Fbsontype': 'ObjectId',
      '100%25': [{ '%[]': [1] }, { '%[]': [{ '%[]': [2] }] }],
    });
  });
});
