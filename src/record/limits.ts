/**
 * The longest text that each field keeps, in UTF-16 code units, the mark `…` included. Longer text is cut,
 * never refused.
 */
export const TEXT_LIMITS = {
  serverName: 255,
  method: 32,
  url: 4096,
  path: 2048,
  route: 1024,
  controller: 255,
  action: 255,
  errorType: 255,
  remoteAddr: 45,
  xForwardedFor: 512,
  username: 255,
  visitor: 64,
  /** `userAgent.browser`, `.version`, `.platform` and `.language`. */
  userAgentPart: 64,
  /** `userAgent.string`. */
  userAgentString: 1024,
} as const;

/** The bounds of `query`, `params`, `ipInfo` and `trackVar`. What is over them is left out and marked with `…`. */
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
