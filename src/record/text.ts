/** Marks text that was cut. */
export const CUT_MARK = '…';

const NUL = /\0/g;

/**
 * Makes text that every database can hold: NUL and lone surrogates become U+FFFD, and text of more than
 * `maxLength` UTF-16 code units is cut, between two characters, and ends in `…`.
 */
export function cleanText(text: string, maxLength: number): string {
  let clean = text;
  if (clean.length > maxLength) {
    const end = maxLength - CUT_MARK.length;
    // A pair that straddles the end is left out whole.
    clean = clean.slice(0, isHighSurrogate(clean.charCodeAt(end - 1)) ? end - 1 : end) + CUT_MARK;
  }
  if (!clean.isWellFormed()) clean = clean.toWellFormed();
  return clean.includes('\0') ? clean.replace(NUL, '\uFFFD') : clean;
}

/** `cleanText` for a field that may be null. */
export function cleanNullableText(text: string | null, maxLength: number): string | null {
  return text === null ? null : cleanText(text, maxLength);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
