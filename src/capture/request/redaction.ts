import { unescape } from 'node:querystring';
import QuickLRU from 'quick-lru';
import type { ParameterRule } from '../../metadata/data-policy.js';
import type { JsonObject, JsonValue } from '../../record/usage-record.js';

/**
 * Stands where a value was taken out. The word is that of OpenTelemetry's semantic conventions (`url.full`,
 * `url.query`).
 */
export const REDACTED = 'REDACTED';

/** Names of parameters whose values are secrets, however they are spelt: `sessionId`, `session_id`, `SESSION-ID`. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'assertion',
  'authorization',
  'bearer',
  'codeverifier',
  'csrf',
  'idtokenhint',
  // Servers of Java put it into paths: `/cart;jsessionid=…`.
  'jsessionid',
  'otp',
  'recoverycode',
  'samlresponse',
  'sessionid',
  'totp',
  'verificationcode',
  // Those that sign the addresses of storage services (AWS, Google, Azure).
  'awsaccesskeyid',
  'signaturev4',
]);

/** How names of secrets end: `x-api-key`, `user[password]`, `new_password`, `authenticity_token`, `password2`. */
const SECRET_ENDING = new RegExp(
  '(?:token|passw(?:or)?d|pwd|passphrase|passcode|secret|credentials?|signature|jwt' +
    '|(?:access|api|app|auth|encryption|license|master|private|secret|shared|signing|subscription)key)' +
    String.raw`(?:again|confirm|confirmation|repeat)?\d*$`,
);

/** Names that mean secrets in a query, and something else in many a path: `/countries/:code`. */
const SECRET_QUERY_NAMES: ReadonlySet<string> = new Set([
  ...SECRET_NAMES,
  'auth',
  'code',
  'key',
  'nonce',
  'pin',
  'session',
  'sid',
  'sig',
  'ticket',
]);

type Place = 'path' | 'query';

/** What is known of names. Few are ever asked for: those in the templates of routes, and in lists of what is allowed. */
const known = {
  path: new QuickLRU<string, boolean>({ maxSize: 1000 }),
  query: new QuickLRU<string, boolean>({ maxSize: 1000 }),
};

/** Whether a parameter of this name, which the application chose, holds a secret, as far as its name tells. */
export function isSecretName(name: string, where: Place): boolean {
  let isSecret = known[where].get(name);
  if (isSecret === undefined) {
    isSecret = soundsSecret(name, where);
    known[where].set(name, isSecret);
  }
  return isSecret;
}

/** The same of a name that a stranger chose, which is not worth remembering. */
function soundsSecret(name: string, where: Place): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z\d]/g, '');
  return (where === 'path' ? SECRET_NAMES : SECRET_QUERY_NAMES).has(plain) || SECRET_ENDING.test(plain);
}

/** The allowed query with the values of secrets taken out, also out of addresses that are values themselves. */
export function redactQuery(query: JsonObject | null): JsonObject | null {
  if (query === null || !Object.entries(query).some(([name, value]) => mayTell(name, value))) return query;
  return mapValues(query, (name, value) =>
    isSecretName(name, 'query') ? redactValue(value) : redactUrl(value),
  );
}

/** Most queries have nothing to take out. */
function mayTell(name: string, value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some((item) => mayTell(name, item));
  return isSecretName(name, 'query') || mayHoldUrl(value);
}

function mayHoldUrl(value: JsonValue): boolean {
  return typeof value === 'string' && URL_MARK.test(value);
}

/** Without one of these, a text has neither user information nor parameters. */
const URL_MARK = /[/\\]{2}|[?&#;%]/;

/** What stands before the host of an address (RFC 3986, 3.2.1). Browsers take a backslash for a slash. */
const USER_INFORMATION = /([/\\]{2})[^/\\?#]*@/g;

/** The name of a parameter, in a query, a fragment, or a segment of a path (RFC 3986, 3.3). */
const PARAMETER_NAME = /[?&#;]([^?&#;=]+)=/g;

/** What ends a parameter's value for certain. */
const VALUE_END = /[&#]/;

/** How often an address within an address is decoded. */
const MAX_LAYERS = 3;

function redactUrl(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(redactUrl);
  return typeof value === 'string' ? redactText(value, MAX_LAYERS) : value;
}

/** A text without the secrets of the addresses in it, as in `?next=http://ada:pw@host/?token=…`, encoded or not. */
function redactText(text: string, layers: number): string {
  if (!URL_MARK.test(text)) return text;
  const shown = withoutParameters(text.replaceAll(USER_INFORMATION, `$1${REDACTED}@`));
  if (layers === 0 || !shown.includes('%')) return shown;
  const decoded = unescape(shown);
  const inner = redactText(decoded, layers - 1);
  return inner === decoded ? shown : encodeURI(inner.toWellFormed());
}

function withoutParameters(text: string): string {
  let kept = '';
  let from = 0;
  for (const { 0: head, 1: name = '', index } of text.matchAll(PARAMETER_NAME)) {
    if (index < from || !soundsSecret(decode(name), 'query')) continue;
    const start = index + head.length;
    const length = text.slice(start).search(VALUE_END);
    kept += text.slice(from, start) + REDACTED;
    from = length < 0 ? text.length : start + length;
  }
  return kept + text.slice(from);
}

/** A route's parameters and its path, as a record may show them. */
export interface RedactedRoute {
  readonly params: JsonObject | null;
  readonly path: string;
}

/**
 * Takes parameters of a route out of `params` and of the path, and secrets of addresses out of what is left.
 *
 * @param params - undefined if they could not be read: then nobody can say what of the path is theirs
 * @param rules - what is said of parameters by name; of others, secrets are taken out
 * @param route - the route's template, which stands in for a path that a value cannot be found in
 */
export function redactRoute(
  path: string,
  params: JsonObject | null | undefined,
  rules: Readonly<Record<string, ParameterRule>>,
  route: string | null,
): RedactedRoute {
  if (params === undefined) return { params: null, path: route ?? REDACTED };
  const names = params === null ? [] : Object.keys(params).filter((name) => isRedacted(name, rules));
  let shown: string | null = path;
  for (const name of names) shown = shown === null ? null : withoutValue(shown, params?.[name]);
  return {
    params: params === null ? null : redactParams(params, names),
    path: shown === null ? (route ?? REDACTED) : redactText(shown, MAX_LAYERS),
  };
}

function redactParams(params: JsonObject, names: readonly string[]): JsonObject {
  if (names.length === 0 && !Object.values(params).some(mayHoldUrl)) return params;
  return mapValues(params, (name, value) => {
    if (names.includes(name)) return redactValue(value);
    return typeof value === 'string' ? redactText(value, MAX_LAYERS) : value;
  });
}

/** Whether a route's parameter is taken out. */
export function isRedacted(name: string, rules: Readonly<Record<string, ParameterRule>>): boolean {
  return Object.hasOwn(rules, name) ? rules[name] === 'redact' : isSecretName(name, 'path');
}

/** The path without a value: its segment is replaced, or what of a segment it is. Null if that cannot be told. */
function withoutValue(path: string, value: JsonValue | undefined): string | null {
  if (typeof value !== 'string' || value === '') return value === '' ? path : null;
  const segments = path.split('/');
  const decoded = segments.map(decode);
  if (decoded.includes(value)) {
    // Where a segment has it as a part, as in /reports/reports.pdf, nobody can say which of them is the parameter's.
    if (decoded.some((segment) => segment !== value && segment.includes(value))) return null;
    return segments.map((segment, index) => (decoded[index] === value ? REDACTED : segment)).join('/');
  }
  if (!decoded.some((segment) => segment.includes(value))) return null;
  return segments
    .map((segment, index) =>
      decoded[index]?.includes(value) ? decoded[index].replaceAll(value, REDACTED) : segment,
    )
    .join('/');
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function redactValue(value: JsonValue): JsonValue {
  return Array.isArray(value) ? value.map(() => REDACTED) : REDACTED;
}

function mapValues(object: JsonObject, map: (name: string, value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(name, value)]));
}
