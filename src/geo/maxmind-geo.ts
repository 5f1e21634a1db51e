import { resolve } from 'node:path';
import { integer, readOptions, required, text } from '../option-reader.js';
import { type GeoInfo, type GeoSource, readGeoInfo } from '../record/geo-info.js';
import { type MaxmindAnswer, MaxmindDatabase } from './maxmind-database.js';

/** The options of `maxmindGeo`. */
export class MaxmindGeoOptions {
  /** The file: GeoLite2, GeoIP2 or any other in MaxMind's format with its names, of cities or countries. */
  readonly path = required(text({ expected: 'the path of a MaxMind database' }));
  /** How often it is looked whether the file was replaced, in milliseconds, from 100 to a day. @default 60_000 */
  readonly watchIntervalMs? = integer({ min: 100, max: 86_400_000, default: 60_000, unit: 'milliseconds' });
}

/**
 * Looks addresses up in a MaxMind database on this machine, so that none leaves it. It needs the package `maxmind`.
 * The file is read into memory, and again when it was replaced; one that cannot be read changes nothing. A tracker that is
 * made while there is none logs that.
 *
 * ```ts
 * const geo = maxmindGeo({ path: '/var/lib/GeoIP/GeoLite2-City.mmdb' });
 * ```
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used
 */
export function maxmindGeo(options: MaxmindGeoOptions): GeoSource {
  const { path, watchIntervalMs } = readOptions('maxmindGeo', MaxmindGeoOptions, options);
  const database = new MaxmindDatabase(resolve(path), watchIntervalMs);
  const lookup = async (address: string): Promise<GeoInfo | null> => {
    const answer = await database.find(address);
    return answer === null ? null : toGeoInfo(answer);
  };
  return Object.assign(lookup, { ready: () => database.ready(), close: () => database.close() });
}

function toGeoInfo({ country, subdivisions, city, location }: MaxmindAnswer): GeoInfo | null {
  return readGeoInfo({
    countryCode: country?.iso_code,
    countryName: country?.names?.en,
    region: subdivisions?.[0]?.names?.en,
    city: city?.names?.en,
    latitude: location?.latitude,
    longitude: location?.longitude,
    timeZone: location?.time_zone,
  });
}
