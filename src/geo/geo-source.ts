import type { GeoLookup } from '../record/geo-info.js';

/** A source of locations, for the option `geo` of `trackUsage`. */
export type GeoSource = GeoLookup & {
  /** Gives back what the source holds: watched files, connections. Look-ups fail from then on. */
  close(): void;
};
