import { type Stats, unwatchFile, watchFile } from 'node:fs';
import type { CityResponse, Reader } from 'maxmind';
import { TrackUsageError } from '../errors.js';

type Database = Reader<CityResponse>;

/** What of a database's answer is used here. */
export interface MaxmindAnswer {
  readonly country?: { readonly iso_code?: unknown; readonly names?: { readonly en?: unknown } };
  readonly subdivisions?: readonly { readonly names?: { readonly en?: unknown } }[];
  readonly city?: { readonly names?: { readonly en?: unknown } };
  readonly location?: {
    readonly latitude?: unknown;
    readonly longitude?: unknown;
    readonly time_zone?: unknown;
  };
}

/**
 * A MaxMind database on disk. A file that takes its place is read beside it, and replaces it when it could be read;
 * the package's own watcher would end the process by a file that is still being written.
 */
export class MaxmindDatabase {
  readonly #path: string;
  /** The database in use, or the attempt to open one; null if that has failed. */
  #database: Promise<Database> | null = null;
  /** Files opened so far, as the last one counts. */
  #openings = 0;
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
      // A tracker asks whether it is ready, and whoever looks something up hears of it.
    });
  }

  /**
   * Resolves when the database is open.
   *
   * @throws {TrackUsageError} `GEO_SOURCE` if it cannot be opened or was closed
   */
  async ready(): Promise<void> {
    await this.#use();
  }

  /**
   * What the database says of an address; null if nothing.
   *
   * @throws {TrackUsageError} `GEO_SOURCE` if it cannot be opened or was closed
   */
  async find(address: string): Promise<MaxmindAnswer | null> {
    return (await this.#use()).get(address);
  }

  /** Watches the file no longer, and lets go of it. */
  close(): void {
    this.#isClosed = true;
    this.#database = null;
    unwatchFile(this.#path, this.#onChange);
  }

  async #use(): Promise<Database> {
    if (this.#isClosed) throw this.#unusable('was closed');
    return this.#database ?? this.#open();
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
    this.#openings += 1;
    const number = this.#openings;
    const opening = this.#read();
    try {
      await opening;
    } catch {
      // The one in use is better than none; the file is looked at again when it has changed.
      return;
    }
    if (number === this.#openings && !this.#isClosed) this.#database = opening;
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
