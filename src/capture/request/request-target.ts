import { parse, stringify } from 'node:querystring';
import type { JsonObject } from '../../record/usage-record.js';
import { redactQuery } from './redaction.js';

/** The parts of a request's target that may be kept. */
export interface RequestTarget {
  /** The path as it was sent, percent-encoded; `*` for `OPTIONS *`. */
  readonly path: string;
  /** The allowed query names with their values; null if there are none. */
  readonly query: JsonObject | null;
  /** The query as it may be shown: empty, or `?` and the allowed names. */
  readonly search: string;
}

/** The most characters of a whole text that a part of the text may keep in memory. */
const DETACH_OVER = 256;

/** Names beyond this many are not looked at. */
const MAX_QUERY_NAMES = 1000;

/** Scheme and authority of a target in absolute form (RFC 9112, 3.2.2); the authority may hold credentials. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?]*/i;

/**
 * Splits a request's target in origin form (`/path?query`), absolute form (`http://host/path?query`) or
 * asterisk form (`*`).
 *
 * @param target - the target as the request's first line has it
 * @param allowed - the query names that are kept
 */
export function readTarget(target: string, allowed: readonly string[]): RequestTarget {
  const local = target.startsWith('/') ? target : target.replace(ORIGIN, '');
  const fragment = local.indexOf('#');
  const sent = fragment < 0 ? local : local.slice(0, fragment);
  const end = sent.indexOf('?');
  const path = (end < 0 ? sent : detached(sent.slice(0, end), target)) || '/';
  const query =
    end < 0 || allowed.length === 0 ? null : redactQuery(allowedQuery(sent.slice(end + 1), allowed));
  return {
    path,
    query,
    search: query === null ? '' : `?${stringify(query as Record<string, string | string[]>)}`,
  };
}

/**
 * Scheme and host that the client addressed, without credentials; empty if it named no host (HTTP/1.0).
 *
 * @param protocol - `http` or `https`
 * @param host - the `Host` header; a client can write anything there
 */
export function readOrigin(protocol: string, host: string): string {
  const [authority = ''] = host.split(/[/?#]/, 1);
  const name = authority.slice(authority.lastIndexOf('@') + 1);
  return name === '' ? '' : `${protocol}://${name}`;
}

/**
 * Copies a part of a long text. V8's slices point into the whole text, so that a queue of short paths could
 * keep megabytes of the queries behind these paths in memory.
 *
 * @param whole - the text that `part` is a slice of
 */
export function detached(part: string, whole: string): string {
  return whole.length - part.length < DETACH_OVER ? part : Buffer.from(part).toString();
}

/** Copies the texts among an object's values, as {@link detached} does. */
export function detachedValues(values: object, whole: string): JsonObject {
  if (whole.length < DETACH_OVER) return values as JsonObject;
  const entries = Object.entries(values).map(([name, value]: [string, unknown]) => [
    name,
    detachedValue(value, whole),
  ]);
  return Object.fromEntries(entries) as JsonObject;
}

function detachedValue(value: unknown, whole: string): unknown {
  if (typeof value === 'string') return detached(value, whole);
  return Array.isArray(value) ? value.map((item) => detachedValue(item, whole)) : value;
}

function allowedQuery(search: string, allowed: readonly string[]): JsonObject | null {
  const sent = parse(search, undefined, undefined, { maxKeys: MAX_QUERY_NAMES });
  const kept: [string, string | string[]][] = [];
  for (const name of allowed) {
    const value = sent[name];
    if (value !== undefined) kept.push([name, value]);
  }
  return kept.length === 0 ? null : detachedValues(Object.fromEntries(kept), search);
}
