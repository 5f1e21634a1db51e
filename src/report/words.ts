/** A number as people read it, such as `1,204,331`. Calls of sampled requests may be fractions, which are rounded. */
export function grouped(value: number): string {
  // Less than a half below 0 would be «-0».
  return (Math.round(value) + 0).toLocaleString('en-US');
}

/** A number of things, such as `1 call` or `3,118 calls`. */
export function counted(value: number, noun: string): string {
  const number = grouped(value);
  return `${number} ${noun}${number === '1' ? '' : 's'}`;
}

/** A share as a percentage with two digits that count, such as `0.12 %`. */
export function share(value: number): string {
  return `${Number((value * 100).toPrecision(2))} %`;
}

/** The formats of days, by time zone: Intl takes a fraction of a millisecond to make one. */
const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** The day of a moment as the calendar of a time zone has it, such as `2026-03-02`. */
export function dayText(date: Date, timeZone: string): string {
  let format = dayFormats.get(timeZone);
  // Swedish has the order of ISO 8601.
  if (format === undefined) format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  dayFormats.set(timeZone, format);
  return format.format(date);
}
