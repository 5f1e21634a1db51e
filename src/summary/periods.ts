import type { SummaryPeriod } from '../storage/usage-summary.js';

/** A span of time, in milliseconds since 1970, the end exclusive. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** How long a slice is, which is the shortest span that is folded. */
export const SLICE_MS = 5 * MINUTE_MS;

/** Days that are remembered. Questions about years ask for a few hundred again and again. */
const REMEMBERED_DAYS = 2000;

/** The first and the last moment that records can have, in milliseconds since 1970: those of the years 1 to 9999. */
export const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
export const END_MS = Date.parse('9999-12-31T23:59:59.999Z') + 1;

/** All of time. */
export const ALWAYS: Span = { startMs: FIRST_MS, endMs: END_MS };

/** A date of the calendar, as the zone shows it: days since 1970-01-01. */
type LocalDay = number;

interface Day extends Span {
  /** When each hour begins; null as long as nobody has asked. */
  hours: readonly number[] | null;
}

const remembered = new Map<string, Periods>();

/** The periods of a time zone, which remember what was asked for. */
export function periodsOf(timeZone: string): Periods {
  let periods = remembered.get(timeZone);
  if (periods === undefined) remembered.set(timeZone, (periods = new Periods(timeZone)));
  return periods;
}

/** Whether a value names a time zone that this machine knows. */
export function isTimeZone(value: unknown): value is string {
  try {
    return (
      typeof value === 'string' && value !== '' && Boolean(new Intl.DateTimeFormat('en', { timeZone: value }))
    );
  } catch {
    return false;
  }
}

/**
 * Slices, hours, days and months of a time zone. Each partitions all of time, and lies within one of the next longer kind, also
 * where clocks are changed: an hour begins where the minutes of the clock are 0, and where the clock is set; a day begins where
 * its date does.
 */
export class Periods {
  readonly timeZone: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #days = new Map<LocalDay, Day>();
  /** The day of the last answer: records come in order, and Intl takes microseconds. */
  #last: Day | null = null;
  #lastMonth: Span | null = null;

  /** @throws {RangeError} if there is no such time zone */
  constructor(timeZone: string) {
    this.timeZone = timeZone;
    this.#format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** The slice that a moment is in. The last slice of an hour may be shorter than others. */
  sliceOf(ms: number): Span {
    const hour = this.hourOf(ms);
    const startMs = hour.startMs + Math.floor((ms - hour.startMs) / SLICE_MS) * SLICE_MS;
    return { startMs, endMs: Math.min(startMs + SLICE_MS, hour.endMs) };
  }

  /** The hour that a moment is in. */
  hourOf(ms: number): Span {
    const day = this.#dayAt(ms);
    const hours = (day.hours ??= this.#hoursOf(day));
    let index = hours.length - 1;
    while (index > 0 && (hours[index] as number) > ms) index -= 1;
    return { startMs: hours[index] as number, endMs: hours[index + 1] ?? day.endMs };
  }

  /** The day that a moment is in. */
  dayOf(ms: number): Span {
    const { startMs, endMs } = this.#dayAt(ms);
    return { startMs, endMs };
  }

  /** The first moment of a date of the calendar, such as `2026-01-31`, or of the next one where the zone has left it out. */
  startOfDate(date: string): number {
    return this.#startOf(Date.parse(date) / DAY_MS);
  }

  /** The month that a moment is in. */
  monthOf(ms: number): Span {
    const last = this.#lastMonth;
    if (last !== null && last.startMs <= ms && ms < last.endMs) return last;
    const date = new Date(this.#localDayOf(this.dayOf(ms).startMs) * DAY_MS);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    this.#lastMonth = {
      startMs: this.#startOf(localDay(year, month)),
      endMs: this.#startOf(localDay(year, month + 1)),
    };
    return this.#lastMonth;
  }

  /** The period of a kind that a moment is in. */
  spanOf(kind: 'slice' | Exclude<SummaryPeriod, 'total'>, ms: number): Span {
    if (kind === 'slice') return this.sliceOf(ms);
    if (kind === 'hour') return this.hourOf(ms);
    return kind === 'day' ? this.dayOf(ms) : this.monthOf(ms);
  }

  /** The beginning of the period that a moment is in; null for `'total'`. */
  startOf(period: SummaryPeriod, ms: number): number | null {
    return period === 'total' ? null : this.spanOf(period, ms).startMs;
  }

  /** The spans of a kind that a span touches, in order. */
  *within(kind: 'slice' | Exclude<SummaryPeriod, 'total'>, { startMs, endMs }: Span): IterableIterator<Span> {
    for (let ms = startMs; ms < endMs;) {
      const span = this.spanOf(kind, ms);
      yield span;
      ms = span.endMs;
    }
  }

  /** The days in which spans begin, each once. */
  daysOf(spans: readonly Span[]): Span[] {
    const days = spans.map(({ startMs }) => this.dayOf(startMs));
    return [...new Map(days.map((day) => [day.startMs, day])).values()];
  }

  #dayAt(ms: number): Day {
    if (this.#last !== null && this.#last.startMs <= ms && ms < this.#last.endMs) return this.#last;
    this.#last = this.#findDay(ms);
    return this.#last;
  }

  #findDay(ms: number): Day {
    const local = this.#localDayOf(ms);
    // Where a clock is set back over midnight, a date comes again after the next one has begun.
    for (const candidate of [local + 1, local, local - 1]) {
      const day = this.#dayNumbered(candidate);
      if (day.startMs <= ms && ms < day.endMs) return day;
    }
    return this.#dayNumbered(local);
  }

  #dayNumbered(local: LocalDay): Day {
    let day = this.#days.get(local);
    if (day === undefined) {
      if (this.#days.size >= REMEMBERED_DAYS) this.#days.clear();
      day = { startMs: this.#startOf(local), endMs: this.#startOf(local + 1), hours: null };
      this.#days.set(local, day);
    }
    return day;
  }

  /** The first moment of a local day, or of the next one that there is: a zone that changes sides of the date line leaves one out. */
  #startOf(local: LocalDay): number {
    const midnight = local * DAY_MS;
    // Nearly every day begins at the midnight of its clock.
    const usual = midnight - this.#offsetOf(midnight - this.#offsetOf(midnight));
    if (this.#localDayOf(usual) >= local && this.#localDayOf(usual - 1) < local) return usual;
    let [before, after] = [midnight - 2 * DAY_MS, midnight + 2 * DAY_MS];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#localDayOf(middle) >= local) after = middle;
      else before = middle;
    }
    return after;
  }

  #hoursOf({ startMs, endMs }: Span): number[] {
    const hours: number[] = [];
    let offset = this.#offsetOf(startMs);
    for (let ms = startMs; ms < endMs;) {
      hours.push(ms);
      const next = Math.min(ms + HOUR_MS - mod(ms + offset, HOUR_MS), endMs);
      const isChanged = this.#offsetOf(next) !== offset;
      ms = isChanged ? this.#changeBetween(ms, next, offset) : next;
      if (isChanged) offset = this.#offsetOf(ms);
    }
    return hours;
  }

  /** When the clock is set between two moments of which the first alone has an offset. */
  #changeBetween(beforeMs: number, afterMs: number, offset: number): number {
    let [before, after] = [beforeMs, afterMs];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#offsetOf(middle) === offset) before = middle;
      else after = middle;
    }
    return after;
  }

  #localDayOf(ms: number): LocalDay {
    return Math.floor((ms + this.#offsetOf(ms)) / DAY_MS);
  }

  /** How far the zone's clock is ahead of UTC, in milliseconds. */
  #offsetOf(ms: number): number {
    if (this.timeZone === 'UTC') return 0;
    const seconds = Math.floor(ms / 1000) * 1000;
    const parts = new Map(this.#format.formatToParts(seconds).map(({ type, value }) => [type, value]));
    const at = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    const year = parts.get('era') === 'AD' ? at('year') : 1 - at('year');
    const local = new Date(0);
    local.setUTCFullYear(year, at('month') - 1, at('day'));
    local.setUTCHours(at('hour'), at('minute'), at('second'));
    return local.getTime() - seconds;
  }
}

function localDay(year: number, month: number): LocalDay {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 1);
  return Math.floor(date.getTime() / DAY_MS);
}

function mod(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
