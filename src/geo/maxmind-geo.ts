import { type Stats, unwatchFile, watchFile } from 'node:fs';
import { resolve } from 'node:path';
import type { CityResponse, Reader } from 'maxmind';
import { TrackUsageError } from '../errors.js';
import { integer, readOptions, required, text } from '../option-reader.js';
import { type GeoInfo, type GeoSource, readGeoInfo } from '../record/geo-info.js';

/** The options of `maxmindGeo`. */
export class MaxmindGeoOptions {
  /** The file: GeoLite2, GeoIP2 or another of cities or countries, in MaxMind's format and with its names. */
  readonly path = required(text({ expected: 'the path of a MaxMind database' }));
  /** How often the file is looked at, in milliseconds, from 100 to a day. @default 60_000 */
  readonly watchIntervalMs? = integer({ min: 100, max: 86_400_000, default: 60_000, unit: 'milliseconds' });
}

/**
 * Looks addresses up in a MaxMind database on this machine, so that no address leaves it. The package `maxmind` has to
 * be installed. The file is read into memory, and is read again when it has been replaced; a new file that cannot be
 * read changes nothing. A tracker that is made while there is no file logs the error.
 *
 * ```ts
 * const geo = maxmindGeo({ path: '/var/lib/GeoIP/GeoLite2-City.mmdb' });
 * ```
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used
 */
export function maxmindGeo(options: MaxmindGeoOptions): GeoSource {
  const { path, watchIntervalMs } = readOptions('maxmindGeo', MaxmindGeoOptions, options);
  const file = new DatabaseFile(resolve(path), watchIntervalMs);
  const lookup = async (address: string): Promise<GeoInfo | null> => {
    const answer = (await file.use()).get(address);
    return answer === null ? null : toGeoInfo(answer);
  };
  const ready = async (): Promise<void> => void (await file.use());
  return Object.assign(lookup, { ready, close: () => file.close() });
}

function toGeoInfo({ country, subdivisions, city, location }: CityResponse): GeoInfo | null {
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

type Database = Reader<CityResponse>;

/**
 * A database in a file that is watched. A new file is read while the database of the old file is in use, and takes its
 * place once it has been read; the watcher of `maxmind` would end the process by a file that is still being written.
 */
class DatabaseFile {
  readonly #path: string;
  /** The database in use or being opened; null if it could not be opened. */
  #database: Promise<Database> | null = null;
  /** The last reading of a new file, which an earlier reading does not overtake. */
  #replacement: Promise<Database> | null = null;
  #isClosed = false;
  readonly #onChange = ({ mtimeMs }: Stats): void => {
    // A file that is gone has no time.
    if (mtimeMs > 0) void this.#replace();
  };

  /** @param watchIntervalMs - how often the file is looked at, in milliseconds */
  constructor(path: string, watchIntervalMs: number) {
    this.#path = path;
    watchFile(path, { persistent: false, interval: watchIntervalMs }, this.#onChange);
    this.#open().catch(() => {
      // A tracker calls `ready`, which tries again and throws the error.
    });
  }

  /**
   * The database in use, or else opened anew.
   *
   * @throws {TrackUsageError} `GEO_SOURCE` if it cannot be opened or was closed
   */
  async use(): Promise<Database> {
    if (this.#isClosed) throw this.#unusable('was closed');
    return this.#database ?? this.#open();
  }

  /** Watches the file no longer, and lets go of the database. */
  close(): void {
    this.#isClosed = true;
    this.#database = null;
    unwatchFile(this.#path, this.#onChange);
  }

  async #open(): Promise<Database> {
    const opening = this.#read();
    this.#database = opening;
    try {
      return await opening;
    } catch (error) {
      if (this.#database === opening) this.#database = null;
      throw error;
    }
  }

  async #replace(): Promise<void> {
    const opening = this.#read();
    this.#replacement = opening;
    try {
      await opening;
    } catch {
      // An old database is better than none; a file that was still being written changes once more.
      return;
    }
    if (this.#replacement === opening && !this.#isClosed) this.#database = opening;
  }

  async #read(): Promise<Database> {
    const { open } = await import('maxmind').catch((error: unknown) => {
      throw new TrackUsageError(
        'GEO_SOURCE',
        "maxmindGeo: the package 'maxmind' is not installed. Install it: npm install maxmind.",
        error,
      );
    });
    return open<CityResponse>(this.#path).catch((error: unknown) => {
      throw this.#unusable('cannot be opened as a MaxMind database', error);
    });
  }

  #unusable(what: string, cause?: unknown): TrackUsageError {
    const why = cause instanceof Error ? ` (${cause.message})` : '';
    return new TrackUsageError('GEO_SOURCE', `maxmindGeo: the file '${this.#path}' ${what}${why}.`, cause);
  }
}
