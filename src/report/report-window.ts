import { TrackUsageError } from '../errors.js';
import { show } from '../option-reader.js';
import { type Periods, type Span, periodsOf } from '../summary/periods.js';
import { MOST_DAYS, type ReportSettings } from './report-options.js';

const DEFAULT_DAYS = 90;
const DAY_MS = 86_400_000;

/** The span of time that a report is about, and as long a span before it. */
export interface ReportWindow extends Span {
  readonly periods: Periods;
  /** The moment of asking, in milliseconds since 1970. */
  readonly nowMs: number;
  /** The end that queries have: undefined where all is asked for up to now, as a process whose clock is ahead records the future. */
  readonly endDate: Date | undefined;
  /** The moment up to which something can have happened: the end, or now if that is earlier. */
  readonly untilMs: number;
  /** The days of the span up to now, in order. The last one may not be over. */
  readonly days: readonly Span[];
  /** As many days before it, of which the last one ends at the same time of day, where that can be told. */
  readonly before: Span;
}

/** What a window is made in view of. */
interface WindowPlace {
  readonly subject: string;
  readonly nowMs: number;
  readonly timeZone: string;
  /** The moment before which only whole days can be asked for; null for none. */
  readonly sealedUntil: Date | null;
}

/**
 * Finds the days that a report is about.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if there are none or too many, or the end cuts a day of which only the whole can be told
 */
export function windowOf(
  { days = DEFAULT_DAYS, from, to }: ReportSettings,
  { subject, nowMs, timeZone, sealedUntil }: WindowPlace,
): ReportWindow {
  const periods = periodsOf(timeZone);
  const endMs = to === undefined ? nowMs : momentOf(periods, to);
  const untilMs = Math.min(endMs, nowMs);
  const last = periods.dayOf(untilMs - 1);
  const { startMs } =
    from === undefined ? stepBack(periods, last, days - 1) : periods.dayOf(momentOf(periods, from));
  if (startMs >= untilMs)
    throw new TrackUsageError(
      'INVALID_QUERY',
      `${subject}: 'from' is ${show(from)}; expected a moment before ${to === undefined ? 'now' : "'to' and before now"}.`,
    );
  // Each day takes time, and so does each of as many before them.
  if (startMs < stepBack(periods, last, MOST_DAYS - 1).startMs)
    throw new TrackUsageError(
      'INVALID_QUERY',
      `${subject}: 'from' is ${show(from)}; expected one of the ${MOST_DAYS} days up to ${to === undefined ? 'now' : "'to'"}.`,
    );
  const sealedMs = sealedUntil?.getTime() ?? -Infinity;
  const cut = periods.dayOf(endMs);
  if (endMs < sealedMs && endMs > cut.startMs)
    throw new TrackUsageError(
      'INVALID_QUERY',
      `${subject}: 'to' is within the day from ${iso(cut.startMs)} to ${iso(cut.endMs)} (${timeZone}), which is sealed: ` +
        'only the whole of it can be told. Give its beginning or its end.',
    );
  const spans = [...periods.within('day', { startMs, endMs: untilMs })];
  return {
    startMs,
    endMs,
    periods,
    nowMs,
    endDate: to === undefined ? undefined : new Date(endMs),
    untilMs,
    days: spans,
    before: spanBefore(periods, spans, untilMs, sealedMs),
  };
}

/** A date that was given, in milliseconds since 1970; a day begins when its time zone says. */
export function momentOf(periods: Periods, given: Date | string): number {
  return typeof given === 'string' ? periods.startOfDate(given) : given.getTime();
}

function spanBefore(periods: Periods, days: readonly Span[], untilMs: number, sealedMs: number): Span {
  const [first, last] = [days[0] as Span, days.at(-1) as Span];
  const earliest = stepBack(periods, first, days.length);
  const latest = periods.dayOf(first.startMs - 1);
  const sameTimeMs = Math.min(latest.startMs + untilMs - last.startMs, latest.endMs);
  const isWhole = untilMs === last.endMs || sameTimeMs < sealedMs;
  return { startMs: earliest.startMs, endMs: isWhole ? latest.endMs : sameTimeMs };
}

/** The day that is so many days before another: noon is in no other day, though some days are an hour longer or shorter. */
function stepBack(periods: Periods, day: Span, days: number): Span {
  return days === 0 ? day : periods.dayOf(day.startMs + DAY_MS / 2 - days * DAY_MS);
}

function iso(ms: number): string {
  return new Date(ms).toJSON();
}
