import { A_DURATION, type Duration, millisecondsOf } from '../metadata/duration.js';
import { option, required } from '../option-reader.js';

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
    ...A_DURATION,
    default: fallback && millisecondsOf(fallback),
    convert: millisecondsOf,
  });
}
