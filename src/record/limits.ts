import { FIELDS, type FieldName, USER_AGENT_PARTS, fieldsOf } from './fields.js';

const LENGTHS = Object.fromEntries(fieldsOf('text').map((name) => [name, FIELDS[name].maxLength]));

/**
 * The longest text that each field keeps, in UTF-16 code units, the mark `…` included. Longer text is cut,
 * never refused.
 */
export const TEXT_LIMITS = {
  ...(LENGTHS as { readonly [Name in FieldName<'text'>]: number }),
  /** `userAgent.browser`, `.version`, `.platform` and `.language`. */
  userAgentPart: USER_AGENT_PARTS.browser.maxLength,
  /** `userAgent.string`. */
  userAgentString: USER_AGENT_PARTS.string.maxLength,
} as const;

/** The bounds of `query`, `params`, `ipInfo` and `trackVar`. Values over them are left out and marked with `…`. */
export const JSON_LIMITS = {
  /** Levels of objects and lists. */
  depth: 5,
  /** Names of one object, or items of one list. */
  keys: 64,
  /** One text or name, in UTF-16 code units. */
  text: 1024,
  /** The whole value, in bytes of UTF-8 JSON. */
  bytes: 8192,
} as const;
