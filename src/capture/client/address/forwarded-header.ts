/** The longest entry that is read. */
const MAX_ENTRY_LENGTH = 1024;

/** One entry without a blank, which may stand around it, and without the comma that divides entries. */
const SOLE_ENTRY = /^[^, \t]+$/;

/** A pair of RFC 7239, 4, or nothing, up to the next semicolon. Colons and brackets should be quoted, and often are not. */
const PAIR =
  /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~:[\]-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?(?:;|$)/y;

/**
 * Yields, hop by hop, what a header says, the nearest first; empty text for an entry that says nothing; undefined
 * at the header's end.
 */
export type Hops = () => string | undefined;

/** Who asked whom, as `X-Forwarded-For` tells it: each entry as it was written. */
export function xForwardedForHops(header: string): Hops {
  return entriesFromEnd(header, (from) => header.lastIndexOf(',', from));
}

/**
 * The same as `Forwarded` (RFC 7239) tells it. An element that is malformed, or says nothing about `for`, yields
 * empty text.
 */
export function forwardedHops(header: string): Hops {
  const next = entriesFromEnd(header, (from) => lastUnquotedComma(header, from));
  return () => {
    const element = next();
    return element === undefined ? undefined : forOf(element);
  };
}

/** Whether an `X-Forwarded-For` is one entry, as {@link xForwardedForHops} would yield it. */
export function isSoleEntry(header: string | readonly string[] | undefined): header is string {
  return typeof header === 'string' && header.length <= MAX_ENTRY_LENGTH && SOLE_ENTRY.test(header);
}

/** A header without the blanks around it, of which HTTP knows two. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function entriesFromEnd(header: string, commaBefore: (from: number) => number): Hops {
  let end = header.length;
  return () => {
    if (end < 0) return undefined;
    // For lastIndexOf, what is below zero is zero.
    const comma = end === 0 ? -1 : commaBefore(end - 1);
    const isLong = end - comma > MAX_ENTRY_LENGTH;
    const entry = isLong ? '' : trimBlanks(header.slice(comma + 1, end));
    end = comma;
    return entry;
  };
}

/**
 * Read from its end, where the trusted proxies wrote, a header is split the same whatever stands before: a quotation
 * mark that a client left open cannot swallow what a proxy said behind it.
 */
function lastUnquotedComma(header: string, from: number): number {
  let quoted = false;
  for (let index = from; index >= 0; index -= 1) {
    const character = header[index];
    // Inside of quotation marks, one behind a backslash belongs to the text; the opening one stands behind a sign.
    if (character === '"' && !(quoted && header[index - 1] === '\\')) quoted = !quoted;
    else if (character === ',' && !quoted) return index;
    // This entry is too long to be read, and where it begins does not matter.
    if (from - index > MAX_ENTRY_LENGTH) return -1;
  }
  return -1;
}

function forOf(element: string): string {
  let found: string | null = null;
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < element.length) {
    const pair = PAIR.exec(element);
    if (pair === null) return '';
    const [, name, token, quoted = ''] = pair;
    if (name?.toLowerCase() !== 'for') continue;
    // A parameter stands once in an element (RFC 7239, 4).
    if (found !== null) return '';
    found = token ?? quoted.replaceAll(/\\(.)/g, '$1');
  }
  return found ?? '';
}
