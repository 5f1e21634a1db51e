import { TrackUsageError } from '../errors.js';
import {
  A_DATE,
  isText,
  option,
  readDate,
  readOptions,
  refuseOption,
  required,
  show,
} from '../option-reader.js';

/** What is said of a deprecated endpoint. Dates are `Date`s, or ISO 8601 text; a day begins at midnight, UTC. */
export class DeprecationOptions {
  /** When the endpoint was deprecated, or will be. */
  readonly since = required(moment());
  /** When the endpoint may stop answering; not before `since`. @default none */
  readonly sunset? = moment();
  /** The path or URL of what replaces the endpoint, sent as it is written. @default none */
  readonly replacement? = uriReference();
  /** The path or URL of a page that tells of the deprecation. @default none */
  readonly link? = uriReference();
}

/** What is said of a deprecated endpoint, with nothing left open. */
export interface Deprecation {
  /** When the endpoint was deprecated, or will be: ISO 8601 text, in UTC. */
  readonly since: string;
  /** When the endpoint may stop answering: ISO 8601 text, in UTC; null if that is not said. */
  readonly sunset: string | null;
  /** The path or URL of what replaces the endpoint; null if nothing does. */
  readonly replacement: string | null;
  /** The path or URL of a page that tells of the deprecation; null if there is none. */
  readonly link: string | null;
}

/** The first moment whose year has five digits, for which a header has no room (RFC 9110, section 5.6.7). */
const YEAR_10000_MS = Date.UTC(10_000, 0);

/** The characters of a URI reference (RFC 3986, section 2): neither quotes nor `<>`, which would end it in a header. */
const URI_REFERENCE = /^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[\da-f]{2})+$/i;

/** An option that is a moment, made ISO 8601 text. */
function moment(): Date | string | undefined {
  return option<Date | string>({
    default: null,
    expected: `${A_DATE}, from 1970 to 9999`,
    accepts: (value) => {
      const timeMs = readDate(value)?.getTime() ?? -1;
      return timeMs >= 0 && timeMs < YEAR_10000_MS;
    },
    convert: (given) => new Date(given).toISOString(),
  });
}

/** An option that is a path or a URL. */
function uriReference(): string | undefined {
  return option<string>({
    default: null,
    expected: 'a path or a URL as RFC 3986 has it, with every other character percent-encoded',
    accepts: (value) =>
      isText(value) && URI_REFERENCE.test(value) && URL.canParse(value, 'http://host.invalid'),
  });
}

/**
 * Checks what is said of a deprecated endpoint.
 *
 * @param subject - the decorator as it is written, and where it stands
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function readDeprecation(subject: string, options: DeprecationOptions): Deprecation {
  const deprecation = readOptions<DeprecationOptions, Deprecation>(subject, DeprecationOptions, options);
  const { since, sunset } = deprecation;
  // Text of one form, which sorts as its moments do.
  if (sunset !== null && sunset < since)
    refuseOption({ subject, name: 'sunset' }, options.sunset, `a date that is not before 'since', ${since}`);
  return deprecation;
}

/**
 * Adds up what two decorators say of one class or method.
 *
 * @param subject - the class or the method
 * @throws {TrackUsageError} `INVALID_DECORATION` if they give an option different values
 */
export function addDeprecations(one: Deprecation, other: Deprecation, subject: string): Deprecation {
  const torn = (['since', 'sunset', 'replacement', 'link'] as const).find(
    (name) => one[name] !== null && other[name] !== null && one[name] !== other[name],
  );
  if (torn === undefined) return mergeDeprecations(one, other);
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `@Deprecated() stands twice on the ${subject}, with the option '${torn}' as ${show(other[torn])} and as ` +
      `${show(one[torn])}. Remove one of the two.`,
  );
}

/**
 * Merges what is said of an action and of its class: the earliest dates hold, and a caller is led to where the
 * action's decorator says.
 */
export function mergeDeprecations(nearer: Deprecation, farther: Deprecation): Deprecation {
  const sunsets = [nearer.sunset, farther.sunset].filter((sunset) => sunset !== null);
  return {
    since: nearer.since < farther.since ? nearer.since : farther.since,
    sunset: sunsets.toSorted()[0] ?? null,
    replacement: nearer.replacement ?? farther.replacement,
    link: nearer.link ?? farther.link,
  };
}
