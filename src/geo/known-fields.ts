import type { GeoInfo } from '../record/geo-info.js';

/** Every field of {@link GeoInfo}, with whatever a source says there. */
export type GeoAnswer = { readonly [Field in keyof Required<GeoInfo>]: unknown };

/** Keeps what can be used of a source's answer: text that says something, and numbers that are coordinates. */
export function knownFields(answer: GeoAnswer): GeoInfo | null {
  const known = {
    ...text('countryCode', answer.countryCode),
    ...text('countryName', answer.countryName),
    ...text('region', answer.region),
    ...text('city', answer.city),
    ...coordinates(answer),
    ...text('timeZone', answer.timeZone),
  };
  return Object.keys(known).length === 0 ? null : known;
}

function text<Field extends keyof GeoInfo>(field: Field, value: unknown): { [Name in Field]?: string } {
  return typeof value === 'string' && value.trim() !== ''
    ? ({ [field]: value } as { [Name in Field]?: string })
    : {};
}

/** One coordinate without the other tells nothing, and (0, 0) is what services answer that know neither. */
function coordinates({ latitude, longitude }: GeoAnswer): Pick<GeoInfo, 'latitude' | 'longitude'> {
  if (!isWithin(latitude, 90) || !isWithin(longitude, 180)) return {};
  return latitude === 0 && longitude === 0 ? {} : { latitude, longitude };
}

function isWithin(value: unknown, bound: number): value is number {
  return typeof value === 'number' && Math.abs(value) <= bound;
}
