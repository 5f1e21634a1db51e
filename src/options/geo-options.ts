import { OptionReader, type Resolved, isFunction } from '../option-reader.js';
import type { GeoLookup } from '../record/geo-info.js';
import { HOUR_MS } from './units.js';

/** Where clients' addresses are looked up, and how long for. */
export interface GeoOptions {
  /** The source: `maxmindGeo` or `httpGeo` of `koa-track-usage/geo`, or any function. */
  readonly lookup: GeoLookup;
  /**
   * How long a record waits for its address to be looked up, in milliseconds, from 0 to 60,000. It is then stored
   * without. @default 500
   */
  readonly maxWaitMs?: number | undefined;
  /** How long a look-up may take before it is given up, in milliseconds, from 1 to 60,000. @default 5_000 */
  readonly timeoutMs?: number | undefined;
  /** Look-ups at a time, from 1 to 1,000. @default 4 */
  readonly maxConcurrent?: number | undefined;
  /** Addresses that wait for their look-up, from 0 to 100,000; those beyond are skipped. @default 1_000 */
  readonly maxWaiting?: number | undefined;
  /** Addresses that are remembered, from 2 to 1,000,000. @default 10_000 */
  readonly cacheMaxAddresses?: number | undefined;
  /** How long a location is remembered, in milliseconds, from 1,000 to a year. @default 86_400_000 (a day) */
  readonly cacheMaxAgeMs?: number | undefined;
  /** How long it is remembered that an address is not known, in milliseconds, from 1,000 to a year. @default 3_600_000 (an hour) */
  readonly cacheMissMaxAgeMs?: number | undefined;
  /** Failures in a row after which the source is left alone for a while, from 1 to 1,000. @default 5 */
  readonly breakerFailures?: number | undefined;
  /** How long the source is left alone before one look-up tries it again, in milliseconds, from 1 to 3,600,000. @default 30_000 */
  readonly breakerPauseMs?: number | undefined;
}

/** The options with every default filled in. */
export type GeoSettings = Resolved<GeoOptions>;

const NAMES = [
  'lookup',
  'maxWaitMs',
  'timeoutMs',
  'maxConcurrent',
  'maxWaiting',
  'cacheMaxAddresses',
  'cacheMaxAgeMs',
  'cacheMissMaxAgeMs',
  'breakerFailures',
  'breakerPauseMs',
] as const;
const A_LOOKUP = "a function, such as maxmindGeo({ path }) of 'koa-track-usage/geo'";
const A_LOOKUP_OR_OPTIONS = `${A_LOOKUP}, or an object such as { lookup }`;
const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

/**
 * Checks the option `geo`, which is a source or an object with one, and fills in the defaults.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveGeo(subject: string, geo: GeoLookup | GeoOptions): GeoSettings {
  const options = typeof geo === 'function' ? { lookup: geo } : geo;
  const reader = new OptionReader<GeoOptions>(subject, options, NAMES, 'geo', A_LOOKUP_OR_OPTIONS);
  return {
    lookup:
      reader.read<GeoLookup | null>('lookup', isFunction, A_LOOKUP, null) ??
      reader.refuse('lookup', A_LOOKUP),
    maxWaitMs: reader.integer('maxWaitMs', { min: 0, max: MINUTE_MS, default: 500 }),
    timeoutMs: reader.integer('timeoutMs', { min: 1, max: MINUTE_MS, default: 5000 }),
    maxConcurrent: reader.integer('maxConcurrent', { min: 1, max: 1000, default: 4 }),
    maxWaiting: reader.integer('maxWaiting', { min: 0, max: 100_000, default: 1000 }),
    cacheMaxAddresses: reader.integer('cacheMaxAddresses', { min: 2, max: 1_000_000, default: 10_000 }),
    cacheMaxAgeMs: reader.integer('cacheMaxAgeMs', { min: 1000, max: YEAR_MS, default: 24 * HOUR_MS }),
    cacheMissMaxAgeMs: reader.integer('cacheMissMaxAgeMs', { min: 1000, max: YEAR_MS, default: HOUR_MS }),
    breakerFailures: reader.integer('breakerFailures', { min: 1, max: 1000, default: 5 }),
    breakerPauseMs: reader.integer('breakerPauseMs', { min: 1, max: HOUR_MS, default: 30_000 }),
  };
}
