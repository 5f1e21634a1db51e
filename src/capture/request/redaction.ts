import { unescape } from 'node:querystring';
import QuickLRU from 'quick-lru';
import type { ParameterRule } from '../../metadata/data-policy.js';
import type { JsonObject, JsonValue } from '../../record/usage-record.js';

/**
 * Replaces a redacted value. The word is from OpenTelemetry's semantic conventions (`url.full`, `url.query`).
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
  // Java servers put `jsessionid` into paths: `/cart;jsessionid=…`.
  'jsessionid',
  'otp',
  'recoverycode',
  'samlresponse',
  'sessionid',
  'totp',
  'verificationcode',
  // `AWSAccessKeyId` and `SignatureV4` sign URLs of storage services (AWS, Google, Azure).
  'awsaccesskeyid',
  'signaturev4',
]);

/** How names of secrets end: `x-api-key`, `user[password]`, `new_password`, `authenticity_token`, `password2`. */
const SECRET_ENDING = new RegExp(
  '(?:token|passw(?:or)?d|pwd|passphrase|passcode|secret|credentials?|signature|jwt' +
    '|(?:access|api|app|auth|encryption|license|master|private|secret|shared|signing|subscription)key)' +
    String.raw`(?:again|confirm|confirmation|repeat)?\d*$`,
);

/** Names that mean secrets in a query, but something else in many paths: `/countries/:code`. */
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

/** Which names were found to be those of secrets. The names are few: they come from routes' templates and from options. */
const known = {
  path: new QuickLRU<string, boolean>({ maxSize: 1000 }),
  query: new QuickLRU<string, boolean>({ maxSize: 1000 }),
};

/** Whether a parameter holds a secret, judged by its name, which the application chose. */
export function isSecretName(name: string, where: Place): boolean {
  let isSecret = known[where].get(name);
  if (isSecret === undefined) {
    isSecret = soundsSecret(name, where);
    known[where].set(name, isSecret);
  }
  return isSecret;
}

/** Judges a name without the cache: a client may choose any number of names. */
function soundsSecret(name: string, where: Place): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z\d]/g, '');
  return (where === 'path' ? SECRET_NAMES : SECRET_QUERY_NAMES).has(plain) || SECRET_ENDING.test(plain);
}

/** Redacts secrets in the allowed query, also inside of values that are URLs. */
export function redactQuery(query: JsonObject | null): JsonObject | null {
  if (query === null) return null;
  return redactValues(
    query,
    Object.keys(query).filter((name) => isSecretName(name, 'query')),
  );
}

/** Redacts the values of these names, and secrets of URLs in the others; mostly, there is nothing to redact. */
function redactValues(values: JsonObject, names: readonly string[]): JsonObject {
  if (names.length === 0 && !Object.values(values).some(mayHoldUrl)) return values;
  const redacted = Object.entries(values).map(([name, value]) => [
    name,
    names.includes(name) ? redactValue(value) : redactUrl(value),
  ]);
  return Object.fromEntries(redacted) as JsonObject;
}

function mayHoldUrl(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(mayHoldUrl);
  return typeof value === 'string' && URL_MARK.test(value);
}

/** Without one of these, a text has neither user information nor parameters. */
const URL_MARK = /[/\\]{2}|[?&#;%]/;

/** The user information before a URL's host (RFC 3986, 3.2.1). Browsers take a backslash for a slash. */
const USER_INFORMATION = /([/\\]{2})[^/\\?#]*@/g;

/** The name of a parameter, in a query, a fragment, or a segment of a path (RFC 3986, 3.3). */
const PARAMETER_NAME = /[?&#;]([^?&#;=]+)=/g;

/** The characters that end a parameter's value for certain. */
const VALUE_END = /[&#]/;

/** How many times a URL within a URL is decoded. */
const MAX_LAYERS = 3;

function redactUrl(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(redactUrl);
  return typeof value === 'string' ? redactText(value, MAX_LAYERS) : value;
}

/** Redacts secrets of the URLs in a text, as in `?next=http://ada:pw@host/?token=…`, encoded or not. */
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
 * Redacts parameters of a route in `params` and in the path, and secrets of the URLs that are left.
 *
 * @param params - undefined if they could not be read: their values cannot be found in the path then
 * @param rules - by a parameter's name; a parameter without a rule is redacted if it has the name of a secret
 * @param route - the route's template, which replaces a path in which a value cannot be found
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
    params: params === null ? null : redactValues(params, names),
    path: shown === null ? (route ?? REDACTED) : redactText(shown, MAX_LAYERS),
  };
}

/** Whether a route's parameter is redacted. */
export function isRedacted(name: string, rules: Readonly<Record<string, ParameterRule>>): boolean {
  return Object.hasOwn(rules, name) ? rules[name] === 'redact' : isSecretName(name, 'path');
}

/** Redacts a value in a path: a segment, or part of one. Null if the value cannot be found for certain. */
function withoutValue(path: string, value: JsonValue | undefined): string | null {
  if (typeof value !== 'string' || value === '') return value === '' ? path : null;
  const segments = path.split('/');
  const decoded = segments.map(decode);
  if (decoded.includes(value)) {
    // If another segment contains the value, as in /reports/reports.pdf, either may be the parameter's.
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
