/** The longest entry that is read, in characters. */
const MAX_ENTRY_LENGTH = 1024;

/** One entry: without blanks around it, and without a comma, which divides entries. */
const SOLE_ENTRY = /^[^, \t]+$/;

/** A pair (RFC 7239, 4) or nothing, up to a semicolon. Colons and brackets often lack their quotation marks. */
const PAIR =
  /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~:[\]-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?(?:;|$)/y;

/**
 * Yields a header's entries, the nearest hop first: empty text for an entry without an address, undefined at
 * the header's end.
 */
export type Hops = () => string | undefined;

/** The hops of an `X-Forwarded-For` header: each entry as it was written. */
export function xForwardedForHops(header: string): Hops {
  return entriesFromEnd(header, (from) => header.lastIndexOf(',', from));
}

/** The hops of a `Forwarded` header (RFC 7239): empty text for a malformed element or one without `for`. */
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

/** A header without the blanks around it; a blank is a space or a tab in HTTP. */
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
    // `lastIndexOf` takes a position below zero for zero.
    const comma = end === 0 ? -1 : commaBefore(end - 1);
    const isLong = end - comma > MAX_ENTRY_LENGTH;
    const entry = isLong ? '' : trimBlanks(header.slice(comma + 1, end));
    end = comma;
    return entry;
  };
}

/**
 * Reads a header from its end, where the trusted proxies wrote: a quotation mark that a client left open
 * cannot swallow the entry that a proxy added behind it.
 */
function lastUnquotedComma(header: string, from: number): number {
  let quoted = false;
  for (let index = from; index >= 0; index -= 1) {
    const character = header[index];
    // Inside of quotation marks, a mark behind a backslash is text; the opening mark follows an equals sign.
    if (character === '"' && !(quoted && header[index - 1] === '\\')) quoted = !quoted;
    else if (character === ',' && !quoted) return index;
    // This entry is too long to be read, and its beginning does not matter.
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
