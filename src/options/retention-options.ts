import { isObject, option, required } from '../option-reader.js';

const DAY_MS = 86_400_000;

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

/** How long records and their summaries are kept. */
export class RetentionOptions {
  /** Records, counted from their `date`: from a day to ten years. A month counts as 31 days, a year as 366. */
  readonly records = required(duration());
  /** Summaries by the hour, as long at least as records. @default { days: 90 } */
  readonly hours? = duration({ days: 90 });
  /** Summaries by the day. @default { months: 25 } */
  readonly days? = duration({ months: 25 });
  /** Summaries whose keys name persons: callers, visitors, addresses. @default as long as records */
  readonly callers? = duration();
}

/** The settings of retention, in milliseconds. */
export interface RetentionSettings {
  readonly records: number;
  readonly hours: number;
  readonly days: number;
  /** Undefined for as long as records. */
  readonly callers: number | undefined;
}

function duration(fallback?: Duration): Duration | undefined {
  return option<Duration>({
    default: fallback && millisecondsOf(fallback),
    expected: `one of { days }, { weeks }, { months } and { years }, with an integer from 1, and ${MOST_DAYS} days at most`,
    accepts: (value) => {
      if (!isObject(value)) return false;
      const [[unit, count] = [], ...others] = Object.entries(value) as [string, unknown][];
      return (
        others.length === 0 &&
        Object.hasOwn(UNIT_DAYS, String(unit)) &&
        Number.isSafeInteger(count) &&
        Number(count) >= 1 &&
        Number(count) * UNIT_DAYS[unit as DurationUnit] <= MOST_DAYS
      );
    },
    convert: millisecondsOf,
  });
}

function millisecondsOf(given: Duration): number {
  const [[unit, count]] = Object.entries(given) as [[DurationUnit, number]];
  return count * UNIT_DAYS[unit] * DAY_MS;
}
