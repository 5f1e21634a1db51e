import { periodsOf } from '../../summary/periods.js';
import { dayText, grouped, share } from '../words.js';
import type { Cell, ColumnKind, Sheet } from './column.js';

const DAY_MS = 86_400_000;

/** Days up to which a date is told as so many days ago. */
const RECENT_DAYS = 30;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** How dates are told: `relative` for who reads them now, `absolute` for a page that is kept. */
type DateStyle = 'relative' | 'absolute';

/** A cell as people read it: `–` where there is nothing, `?` where it is not known. Text of strangers is not escaped. */
export function cellText(
  cell: Cell,
  kind: ColumnKind,
  { timeZone, asOf }: Pick<Sheet, 'timeZone' | 'asOf'>,
  dates: DateStyle,
): string {
  if (cell === undefined) return '?';
  if (cell === null) return kind === 'flag' ? '' : '–';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if (cell instanceof Date) return dateText(cell, kind, timeZone, dates === 'relative' ? asOf : null);
  return numberText(cell, kind);
}

function numberText(value: number, kind: ColumnKind): string {
  if (kind === 'change') return `${value > 0 ? '+' : ''}${grouped(value)}`;
  if (kind === 'milliseconds') return `${value < 10 ? Number(value.toPrecision(2)) : grouped(value)} ms`;
  if (kind === 'share') return share(value);
  return kind === 'bytes' ? bytesText(value) : grouped(value);
}

function bytesText(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : grouped(value)} ${UNITS[power]}`;
}

/** The formats of times of day, by time zone: Intl takes a fraction of a millisecond to make one. */
const timeFormats = new Map<string, Intl.DateTimeFormat>();

function timeText(date: Date, timeZone: string): string {
  let format = timeFormats.get(timeZone);
  if (format === undefined) format = new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'short' });
  timeFormats.set(timeZone, format);
  return format.format(date);
}

function dateText(date: Date, kind: ColumnKind, timeZone: string, from: Date | null): string {
  const day = dayText(date, timeZone);
  if (kind === 'moment') {
    const time = timeText(date, timeZone);
    return time === '00:00' ? day : `${day} ${time}`;
  }
  if (from === null) return day;
  const periods = periodsOf(timeZone);
  // Half a day more, as some days are an hour shorter.
  const distanceMs = periods.dayOf(from.getTime()).startMs - periods.dayOf(date.getTime()).startMs;
  const days = Math.floor((distanceMs + DAY_MS / 2) / DAY_MS);
  if (days === 0) return 'today';
  if (days < 0 || days > RECENT_DAYS) return day;
  return days === 1 ? 'yesterday' : `${days} days ago`;
}
