import { validateHeaderName, validateHeaderValue } from 'node:http';
import { TrackUsageError } from '../errors.js';
import { OptionReader, isFunction, isObject } from '../option-reader.js';
import type { JsonObject } from '../record/usage-record.js';
import { readFreeGeoIp } from './free-geo-ip.js';
import type { GeoSource } from './geo-source.js';
import { HttpEndPoint } from './http-end-point.js';
import { INTERNET, type Reach } from './reach.js';

/** The options of `httpGeo`. */
export interface HttpGeoOptions {
  /** The end point, over http or https, with `{ip}` in its path or query where the address has to be. */
  readonly url: string;
  /** How long an answer may take, redirects included, in milliseconds, from 1 to 60,000. @default 2_000 */
  readonly timeoutMs?: number | undefined;
  /** Headers to send, such as a key of the service. They are in no error, and are not sent to another origin. @default {} */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Makes the location from the answer; null stands for an address that is not known. Reports by country need the
   * names of `GeoInfo`. @default reads FreeGeoIP's answers, and those of ipapi.co, ip-api.com and ipwho.is
   */
  readonly map?: ((answer: JsonObject) => JsonObject | null) | undefined;
}

const SUBJECT = 'httpGeo';
const PLACEHOLDER = '{ip}';
const AN_END_POINT =
  "an http or https URL with {ip} in its path or query, such as 'https://geo.example/json/{ip}'";

/**
 * Looks addresses up at an end point that answers JSON as FreeGeoIP did. Answers of more than 64 KiB, and any that
 * are not JSON, are refused. At most three redirects are followed: never from https to http, and never to a host
 * that is not public. The end point itself may be a private host.
 *
 * ```ts
 * const geo = httpGeo({ url: 'https://geo.example/json/{ip}', headers: { authorization: 'Bearer …' } });
 * ```
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used
 */
export function httpGeo(options: HttpGeoOptions): GeoSource {
  return httpGeoWithin(options, INTERNET);
}

/** As {@link httpGeo}, with another idea of which hosts are public. */
export function httpGeoWithin(options: HttpGeoOptions, reach: Reach): GeoSource {
  const reader = new OptionReader(SUBJECT, options, ['url', 'timeoutMs', 'headers', 'map']);
  const template = readTemplate(options.url);
  const timeoutMs = reader.integer('timeoutMs', { min: 1, max: 60_000, default: 2000 });
  const headers = readHeaders(options.headers);
  const map = reader.read<NonNullable<HttpGeoOptions['map']>>('map', isFunction, 'a function', readFreeGeoIp);
  const urlOf = (address: string): URL =>
    new URL(template.replaceAll(PLACEHOLDER, encodeURIComponent(address)));
  const endPoint = new HttpEndPoint({ urlOf, timeoutMs, headers, reach });
  const lookup = async (address: string, signal: AbortSignal): Promise<JsonObject | null> => {
    const answer = await endPoint.ask(address, signal);
    return answer === null ? null : map(answer);
  };
  return Object.assign(lookup, { close: () => endPoint.close() });
}

function readTemplate(template: unknown): string {
  if (typeof template === 'string' && isTemplate(template)) return template;
  throw invalid('url', describeUrl(template), AN_END_POINT);
}

/** Whether the address goes into the path or the query, and nowhere else. */
function isTemplate(template: string): boolean {
  const [one, other] = ['192.0.2.1', '2001:db8::1'].map((address) =>
    URL.parse(template.replaceAll(PLACEHOLDER, encodeURIComponent(address))),
  );
  if (!one || !other || !/^https?:$/.test(one.protocol)) return false;
  const isFixed = (['origin', 'username', 'password'] as const).every((part) => one[part] === other[part]);
  return isFixed && `${one.pathname}${one.search}` !== `${other.pathname}${other.search}`;
}

/** A URL as an error shows it: keys are in the query, passwords before the host. */
function describeUrl(template: unknown): string {
  if (typeof template !== 'string') return `of type ${typeof template}`;
  return `'${template
    .replace(/\?.*$/s, '?…')
    .replace(/\/\/[^/]*@/, '//…@')
    .slice(0, 200)}'`;
}

/** Headers are secrets: an error shows their names only. */
function readHeaders(headers: unknown): Readonly<Record<string, string>> {
  if (headers === undefined) return {};
  if (!isObject(headers)) {
    throw invalid('headers', `of type ${typeof headers}`, 'an object of texts');
  }
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      if (typeof value !== 'string') throw new TypeError('no text');
      validateHeaderValue(name, value);
    } catch {
      throw invalid(`headers.${name}`, 'none that can be sent', "a header's name and its text");
    }
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function invalid(name: string, is: string, expected: string): TrackUsageError {
  return new TrackUsageError(
    'INVALID_OPTION',
    `${SUBJECT}: the option '${name}' is ${is}; expected ${expected}.`,
  );
}
