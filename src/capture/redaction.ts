import QuickLRU from 'quick-lru';
import type { ParameterRule } from '../metadata/data-policy.js';
import type { JsonObject, JsonValue } from '../record/usage-record.js';

/**
 * Stands where a value was taken out. The word is that of OpenTelemetry's semantic conventions (`url.full`,
 * `url.query`).
 */
export const REDACTED = 'REDACTED';

/** Names of parameters whose values are secrets, however they are spelt: `apiKey`, `api_key`, `API-KEY`. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'accesskey',
  'accesstoken',
  'apikey',
  'apitoken',
  'assertion',
  'authorization',
  'authtoken',
  'bearer',
  'clientsecret',
  'codeverifier',
  'credential',
  'credentials',
  'csrf',
  'csrftoken',
  'idtoken',
  'jwt',
  'otp',
  'passcode',
  'passphrase',
  'passwd',
  'password',
  'privatekey',
  'pwd',
  'refreshtoken',
  'resettoken',
  'samlresponse',
  'secret',
  'secretkey',
  'sessionid',
  'sessiontoken',
  'signature',
  'token',
  // Those that sign the addresses of storage services (AWS, Google, Azure).
  'awsaccesskeyid',
  'signaturev4',
  'xamzcredential',
  'xamzsecuritytoken',
  'xamzsignature',
  'xgoogcredential',
  'xgoogsignature',
]);

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

/** Names as they are compared. Few are ever asked for: those in the templates of routes, and in lists of what is allowed. */
const plainNames = new QuickLRU<string, string>({ maxSize: 1000 });

/** Whether a parameter of this name holds a secret, as far as its name tells. */
export function isSecretName(name: string, where: 'path' | 'query'): boolean {
  let plain = plainNames.get(name);
  if (plain === undefined) {
    plain = name.toLowerCase().replaceAll(/[^a-z\d]/g, '');
    plainNames.set(name, plain);
  }
  return (where === 'path' ? SECRET_NAMES : SECRET_QUERY_NAMES).has(plain);
}

/** The allowed query with the values of secrets taken out. */
export function redactQuery(query: JsonObject | null): JsonObject | null {
  if (query === null || !Object.keys(query).some((name) => isSecretName(name, 'query'))) return query;
  return mapValues(query, (name, value) => (isSecretName(name, 'query') ? redactValue(value) : value));
}

/** A route's parameters and its path, as a record may show them. */
export interface RedactedRoute {
  readonly params: JsonObject | null;
  readonly path: string;
}

/**
 * Takes parameters of a route out of `params` and of the path.
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
  if (params === null) return { params, path };
  const names = Object.keys(params).filter((name) => isRedacted(name, rules));
  if (names.length === 0) return { params, path };
  let shown: string | null = path;
  for (const name of names) shown = shown === null ? null : withoutValue(shown, params[name]);
  return {
    params: mapValues(params, (name, value) => (names.includes(name) ? redactValue(value) : value)),
    path: shown ?? route ?? REDACTED,
  };
}

function isRedacted(name: string, rules: Readonly<Record<string, ParameterRule>>): boolean {
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
