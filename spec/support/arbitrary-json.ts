import * as fc from 'fast-check';
import { anyText } from './any-text.js';

const anyName = fc.oneof(
  // See withPlainNames for the backslash.
  anyText({ maxLength: 12 }).map((name) => name.replaceAll('\\', '/')),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', '…', '\ud800', 'a\0b', 'n'.repeat(3000)),
);

const anyLeaf = fc.oneof(
  anyText(),
  fc.double(),
  fc.boolean(),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(
    null,
    undefined,
    Symbol('s'),
    () => 1,
    '…',
    '\ud800',
    'é'.repeat(2000),
    '\u0001'.repeat(1500),
  ),
);

/** Wide, deep or both, so that every limit is passed now and then. */
const anyTree = fc.oneof(
  fc.array(anyLeaf, { maxLength: 90, size: 'max' }),
  fc.dictionary(anyName, anyLeaf, { maxKeys: 90, size: 'max' }),
  fc.array(fc.array(anyLeaf, { maxLength: 5 }), { maxLength: 8 }),
  fc.dictionary(anyName, fc.dictionary(anyName, anyLeaf, { maxKeys: 5 }), { maxKeys: 8 }),
);

/** Any object that an application may give, within the limits of JSON or over them. */
export const anyObject: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(fc.dictionary(anyName, fc.oneof(anyLeaf, anyTree), { maxKeys: 6 }), fc.nat({ max: 6 }), fc.boolean())
  .map(([object, levels, inLists]) => {
    let nested: Record<string, unknown> = object;
    for (let level = 0; level < levels; level += 1) nested = { down: inLists ? [nested] : nested, ...object };
    return nested;
  })
  .filter((object) => typeof object['toJSON'] !== 'function');
