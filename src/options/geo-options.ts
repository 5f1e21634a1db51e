import {
  type Settings,
  integer,
  isFunction,
  isObject,
  option,
  readOptions,
  required,
} from '../option-reader.js';
import type { GeoLookup } from '../record/geo-info.js';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;
const A_LOOKUP = "a function, such as maxmindGeo({ path }) of 'koa-track-usage/geo'";

/** Where clients' addresses are looked up, and how long for. */
export class GeoOptions {
  /** The source: `maxmindGeo` or `httpGeo` of `koa-track-usage/geo`, or any function. */
  readonly lookup = required(option<GeoLookup>({ expected: A_LOOKUP, accepts: isFunction }));
  /**
   * How long a record waits for its address to be looked up, in milliseconds, from 0 to 60,000. The record is
   * then stored without a location. @default 500
   */
  readonly maxWaitMs? = integer({ min: 0, max: MINUTE_MS, default: 500, unit: 'milliseconds' });
  /** How long a look-up may take before it is given up, in milliseconds, from 1 to 60,000. @default 5_000 */
  readonly timeoutMs? = integer({ min: 1, max: MINUTE_MS, default: 5000, unit: 'milliseconds' });
  /** Look-ups at a time, from 1 to 1,000. @default 4 */
  readonly maxConcurrent? = integer({ min: 1, max: 1000, default: 4 });
  /** Addresses that wait for their look-up, from 0 to 100,000; any more are not looked up. @default 1_000 */
  readonly maxWaiting? = integer({ min: 0, max: 100_000, default: 1000 });
  /** Addresses that are remembered, from 2 to 1,000,000. @default 10_000 */
  readonly cacheMaxAddresses? = integer({ min: 2, max: 1_000_000, default: 10_000 });
  /** How long a location is remembered, in milliseconds, from 1,000 to a year. @default 86_400_000 (a day) */
  readonly cacheMaxAgeMs? = integer({ min: 1000, max: YEAR_MS, default: 86_400_000, unit: 'milliseconds' });
  /** How long an unknown address is remembered, in milliseconds, from 1,000 to a year. @default 3_600_000 */
  readonly cacheMissMaxAgeMs? = integer({
    min: 1000,
    max: YEAR_MS,
    default: 3_600_000,
    unit: 'milliseconds',
  });
  /** Failures in a row after which the source is left alone for a while, from 1 to 1,000. @default 5 */
  readonly breakerFailures? = integer({ min: 1, max: 1000, default: 5 });
  /** How long the source is left alone before one look-up tries it again, in milliseconds, from 1 to 3,600,000. @default 30_000 */
  readonly breakerPauseMs? = integer({ min: 1, max: 60 * MINUTE_MS, default: 30_000, unit: 'milliseconds' });
}

/** The options with every default filled in. */
export type GeoSettings = Settings<GeoOptions>;

/** The option `geo`: a source, or an object with one; null where none is given. */
export function geoSource(): GeoLookup | GeoOptions | undefined {
  return option<GeoLookup | GeoOptions>({
    table: GeoOptions,
    default: null,
    expected: `${A_LOOKUP}, or an object such as { lookup }`,
    accepts: (value) => isFunction(value) || isObject(value),
    convert: (geo, { subject }) => resolveGeo(subject, geo),
  });
}

/**
 * Checks the option `geo`, and fills in the defaults.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveGeo(subject: string, geo: GeoLookup | GeoOptions): GeoSettings {
  return readOptions(subject, GeoOptions, typeof geo === 'function' ? { lookup: geo } : geo, 'geo');
}
