import * as fc from 'fast-check';

/** There are no characters from U+D800 on, so many. */
const SURROGATES = { first: 0xd800, count: 0x800 } as const;

const CHARACTERS = 0x110000 - SURROGATES.count;

/** Any character of Unicode. It has a way back to its number, without which fast-check tries no names such as `__proto__`. */
export const anyCharacter = fc.nat({ max: CHARACTERS - 1 }).map(
  (place) => String.fromCodePoint(place < SURROGATES.first ? place : place + SURROGATES.count),
  (text) => {
    const code = typeof text === 'string' ? text.codePointAt(0) : undefined;
    if (code === undefined || text !== String.fromCodePoint(code) || !text.isWellFormed())
      throw new Error('No single character.');
    return code < SURROGATES.first ? code : code - SURROGATES.count;
  },
);

/**
 * Any text: as `fc.string({ unit: 'binary' })`, which makes a table of a million characters in each process. That takes more than
 * a second, and 150 MB that are searched with each collection of garbage.
 */
export function anyText(constraints: Omit<fc.StringConstraints, 'unit'> = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: anyCharacter });
}
