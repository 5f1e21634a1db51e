import QuickLRU from 'quick-lru';
import type { Clock } from '../../../time/clock.js';
import type { GeoSettings } from '../../../options/geo-options.js';
import type { JsonObject } from '../../../record/usage-record.js';

interface Known {
  readonly location: JsonObject | null;
  readonly untilMs: number;
}

/** A cache of the last look-ups: locations, and addresses that have none. */
export class KnownLocations {
  readonly #clock: Clock;
  readonly #settings: GeoSettings;
  readonly #known: QuickLRU<string, Known>;

  constructor(clock: Clock, settings: GeoSettings) {
    this.#clock = clock;
    this.#settings = settings;
    // A QuickLRU keeps up to twice its `maxSize`.
    this.#known = new QuickLRU({ maxSize: Math.floor(settings.cacheMaxAddresses / 2) });
  }

  /** @returns null for an address without a location, undefined for an address that is not in the cache */
  get(address: string): JsonObject | null | undefined {
    const known = this.#known.get(address);
    if (known === undefined) return undefined;
    if (this.#clock.monotonic() < known.untilMs) return known.location;
    this.#known.delete(address);
    return undefined;
  }

  set(address: string, location: JsonObject | null): void {
    const { cacheMaxAgeMs, cacheMissMaxAgeMs } = this.#settings;
    const maxAgeMs = location === null ? cacheMissMaxAgeMs : cacheMaxAgeMs;
    this.#known.set(address, { location, untilMs: this.#clock.monotonic() + maxAgeMs });
  }

  clear(): void {
    this.#known.clear();
  }
}
