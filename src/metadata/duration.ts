import { isObject } from '../option-reader.js';

/** A day, in milliseconds. */
export const DAY_MS = 86_400_000;

/** Days of each unit: a month has at most 31 of them, and a year 366. */
const UNIT_DAYS = { days: 1, weeks: 7, months: 31, years: 366 } as const;

type DurationUnit = keyof typeof UNIT_DAYS;

/** The longest time that something can be kept for, in days. */
const MOST_DAYS = 3660;

/** How long something is kept, in one unit: `{ days: 30 }`, `{ weeks: 8 }`, `{ months: 25 }` or `{ years: 2 }`. */
export type Duration = {
  readonly [Unit in DurationUnit]: Readonly<Record<Unit, number>> & {
    readonly [Other in Exclude<DurationUnit, Unit>]?: never;
  };
}[DurationUnit];

/** What an option takes that is a duration: from a day to ten years. */
export const A_DURATION = {
  expected: `one of { days }, { weeks }, { months } and { years }, with an integer from 1, and ${MOST_DAYS} days at most`,
  accepts: isDuration,
};

function isDuration(value: unknown): boolean {
  if (!isObject(value)) return false;
  const [[unit, count] = [], ...others] = Object.entries(value) as [string, unknown][];
  return (
    others.length === 0 &&
    Object.hasOwn(UNIT_DAYS, String(unit)) &&
    Number.isSafeInteger(count) &&
    Number(count) >= 1 &&
    Number(count) * UNIT_DAYS[unit as DurationUnit] <= MOST_DAYS
  );
}

/** A duration in milliseconds. */
export function millisecondsOf(given: Duration): number {
  const [[unit, count]] = Object.entries(given) as [[DurationUnit, number]];
  return count * UNIT_DAYS[unit] * DAY_MS;
}
