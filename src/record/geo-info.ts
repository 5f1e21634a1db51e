import type { JsonObject } from './usage-record.js';

/** What `maxmindGeo` and `httpGeo` tell of an address, as `ipInfo` of a record. What is not known is left out. */
export type GeoInfo = {
  /** The country's code (ISO 3166-1 alpha-2), such as `CH`. */
  readonly countryCode?: string;
  /** The country's name in English. */
  readonly countryName?: string;
  /** The name of the largest division of the country, such as a state or a canton. */
  readonly region?: string;
  /** The city's name. */
  readonly city?: string;
  /** Degrees north of the equator, from -90 to 90. */
  readonly latitude?: number;
  /** Degrees east of Greenwich, from -180 to 180. */
  readonly longitude?: number;
  /** The time zone's name (IANA), such as `Europe/Zurich`. */
  readonly timeZone?: string;
};

/** The fields of {@link GeoInfo} that tell no more than the country. */
export const COUNTRY_FIELDS = ['countryCode', 'countryName'] as const satisfies readonly (keyof GeoInfo)[];

/** The fields of {@link GeoInfo} that tell more than the country. */
export const FINE_GEO_FIELDS = [
  'region',
  'city',
  'latitude',
  'longitude',
  'timeZone',
] as const satisfies readonly (keyof GeoInfo)[];

/**
 * Tells where an address is: {@link GeoInfo}, or any other object. Null stands for an address that is not known.
 *
 * @param address - a public address, never a private one
 * @param signal - aborted when nobody waits any longer
 */
export interface GeoLookup {
  (address: string, signal: AbortSignal): JsonObject | null | Promise<JsonObject | null>;
  /**
   * Resolves when the source can be asked. A tracker calls it when it is made, and logs what it throws; look-ups are tried
   * in any case.
   */
  ready?(): Promise<void>;
}
