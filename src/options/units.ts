/** An hour, in milliseconds. */
export const HOUR_MS = 3_600_000;

/** A gibibyte, in bytes. */
export const GIB = 1_073_741_824;
