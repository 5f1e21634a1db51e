import { cleanText } from './text.js';
import type { JsonObject } from './usage-record.js';

/** The part of a source's answer that a record keeps as its `ipInfo`. A field that the source does not know is left out. */
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

/** What a source may answer: anything. */
type GeoAnswer = { readonly [Field in keyof GeoInfo]: unknown };

/** The fields of {@link GeoInfo} that hold text. The first two tell no more than the country. */
const TEXTS = ['countryCode', 'countryName', 'region', 'city', 'timeZone'] as const;
const COUNTRY = new Set<string>(TEXTS.slice(0, 2));

/** The longest text of a field, in characters; the longest name of a place has 168. */
const MAX_TEXT_LENGTH = 200;

/**
 * Tells where an address is. Of its answer, the fields of {@link GeoInfo} are kept; null stands for an address that is not
 * known.
 *
 * @param address - a public address, never a private one
 * @param signal - aborted when nobody waits any longer
 */
export interface GeoLookup {
  (address: string, signal: AbortSignal): JsonObject | null | Promise<JsonObject | null>;
  /**
   * Resolves when the source can be asked. A new tracker calls this function, and logs its error; look-ups are tried in
   * any case.
   */
  ready?(): Promise<void>;
}

/** A source of locations, for the option `geo` of `trackUsage`. */
export type GeoSource = GeoLookup & {
  /** Gives back the watched files and connections of the source. Look-ups fail from then on. */
  close(): void;
};

/**
 * Keeps the usable fields of an answer: text that is not blank, and numbers that are coordinates. Nothing else is kept, as
 * many sources repeat the address that they were asked for, or tell its network.
 *
 * @returns null if no field is usable
 */
export function readGeoInfo(answer: GeoAnswer): GeoInfo | null {
  const known: { -readonly [Field in keyof GeoInfo]: GeoInfo[Field] } = {};
  for (const field of TEXTS) {
    const value = answer[field];
    if (typeof value === 'string' && value.trim() !== '') known[field] = cleanText(value, MAX_TEXT_LENGTH);
  }
  Object.assign(known, readCoordinates(answer));
  return Object.keys(known).length === 0 ? null : known;
}

/** The fields of a location that tell no more than the country; null if it has none. */
export function countryOf(location: JsonObject | null): JsonObject | null {
  const kept = Object.entries(location ?? {}).filter(([name]) => COUNTRY.has(name));
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/** One coordinate without the other tells nothing, and services that know neither answer (0, 0). */
function readCoordinates({ latitude, longitude }: GeoAnswer): Pick<GeoInfo, 'latitude' | 'longitude'> {
  if (!isWithin(latitude, 90) || !isWithin(longitude, 180)) return {};
  return latitude === 0 && longitude === 0 ? {} : { latitude, longitude };
}

function isWithin(value: unknown, bound: number): value is number {
  return typeof value === 'number' && Math.abs(value) <= bound;
}
