/** A number as people read it, such as `1,204,331`. Calls of sampled requests may be fractions, which are rounded. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
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

/** The day of a moment as the calendar of a time zone has it, such as `2026-03-02`. */
export function dayText(date: Date, timeZone: string): string {
  // Swedish has the order of ISO 8601.
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(date);
}
