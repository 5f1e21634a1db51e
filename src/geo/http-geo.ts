import { validateHeaderName, validateHeaderValue } from 'node:http';
import {
  type OptionPlace,
  callable,
  isObject,
  isText,
  option,
  readOptions,
  refuseOption,
  required,
  text,
} from '../option-reader.js';
import { type GeoInfo, type GeoLookup, readGeoInfo } from '../record/geo-info.js';
import type { JsonObject } from '../record/usage-record.js';
import { askEndPoint } from './http-end-point.js';
import { INTERNET, type Reach } from './reach.js';

const PLACEHOLDER = '{ip}';

/** The options of `httpGeo`. */
export class HttpGeoOptions {
  /** The end point's URL, http or https, with `{ip}` in its path or query in the place of the address. */
  readonly url = required(
    text({
      expected:
        "an http or https URL with {ip} in its path or query, such as 'https://geo.example/json/{ip}'",
      accepts: (value) => isText(value) && isTemplate(value),
    }),
  );
  /** Headers to send, such as a key of the service. They stand in no error, and go to no other origin. @default {} */
  readonly headers? = option<Readonly<Record<string, string>>>({
    default: {},
    isSecret: true,
    expected: 'an object of texts',
    accepts: isObject,
    convert: readHeaders,
  });
  /**
   * Makes the location of the answer; null stands for an address that is not known. A record keeps the fields of
   * `GeoInfo`. @default reads the answers of FreeGeoIP, ipapi.co, ip-api.com and ipwho.is
   */
  readonly map? = callable<(answer: JsonObject) => JsonObject | null>(readFreeGeoIp);
}

/**
 * Looks addresses up at an end point that answers JSON, as FreeGeoIP did. An answer of more than 64 KiB, or of
 * another type, is refused. At most three redirects are followed: never from https to http, and never to a host
 * that is not public. The end point itself may be a private host.
 *
 * ```ts
 * const geo = httpGeo({ url: 'https://geo.example/json/{ip}', headers: { authorization: 'Bearer …' } });
 * ```
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used
 */
export function httpGeo(options: HttpGeoOptions): GeoLookup {
  return httpGeoWithin(options, INTERNET);
}

/** Makes the source of {@link httpGeo}, with a reach of its own. */
export function httpGeoWithin(options: HttpGeoOptions, reach: Reach): GeoLookup {
  const { url, headers, map } = readOptions('httpGeo', HttpGeoOptions, options);
  const urlOf = (address: string): URL => new URL(url.replaceAll(PLACEHOLDER, encodeURIComponent(address)));
  return async (address, signal) => {
    const answer = await askEndPoint({ urlOf, headers, reach }, address, signal);
    return answer === null ? null : map(answer);
  };
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

/** Headers are secrets: an error shows their names only. */
function readHeaders(headers: object, { subject, name: holder }: OptionPlace): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      if (typeof value !== 'string') throw new TypeError('no text');
      validateHeaderValue(name, value);
    } catch {
      const place = { subject, name: `${holder}.${name}` };
      refuseOption(place, value, "a header's name and a text that can be sent", true);
    }
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * Reads the answers of FreeGeoIP and of the services that took its place: freegeoip.net and freegeoip.app
 * (`country_code`, `region_name`, `time_zone`), ipapi.co (`region`, `timezone`), ip-api.com (`countryCode`, `lat`,
 * `lon`), ipwho.is (`timezone.id`). In an answer without any of these names, the address is not known.
 */
export function readFreeGeoIp(answer: JsonObject): GeoInfo | null {
  const timezone = answer['timezone'];
  const zone = typeof timezone === 'object' && timezone !== null ? (timezone as JsonObject)['id'] : timezone;
  return readGeoInfo({
    countryCode: answer['country_code'] ?? answer['countryCode'],
    countryName: answer['country_name'] ?? answer['country'],
    region: answer['region_name'] ?? answer['regionName'] ?? answer['region'],
    city: answer['city'],
    latitude: answer['latitude'] ?? answer['lat'],
    longitude: answer['longitude'] ?? answer['lon'],
    timeZone: answer['time_zone'] ?? zone,
  });
}
