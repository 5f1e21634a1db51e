import { TrackUsageError } from '../errors.js';
import { show } from '../option-reader.js';
import { TEXT_LIMITS } from '../record/limits.js';
import { cleanText } from '../record/text.js';

/** Which records `getUsage` returns. */
export interface UsageQuery {
  /** The earliest date, inclusive: a `Date` or ISO 8601 text. @default the beginning */
  readonly startDate?: Date | string | undefined;
  /** The end, exclusive: a `Date` or ISO 8601 text. @default none */
  readonly endDate?: Date | string | undefined;
  /** Records a page, from 1 to 10,000. @default 500 */
  readonly limit?: number | undefined;
  /** Which page, from 1. @default 1 */
  readonly page?: number | undefined;
  /** Just this route template; `null` for requests that matched none. */
  readonly route?: string | null | undefined;
  /** Just this controller class. */
  readonly controller?: string | null | undefined;
  /** Just this action method. */
  readonly action?: string | null | undefined;
  /** Just this status; `null` for clients that left before headers went out. */
  readonly status?: number | null | undefined;
  /** Just this request method, as it was sent. */
  readonly method?: string | undefined;
  /** Just this user name; `null` for requests of nobody known. */
  readonly username?: string | null | undefined;
}

/** The fields that a query can filter by. */
export const FILTERS = ['route', 'controller', 'action', 'status', 'method', 'username'] as const;

/** A field that a query can filter by. */
export type UsageFilter = (typeof FILTERS)[number];

/** A checked query: bounds and dates resolved, filters left out unless they were given. */
export interface ResolvedUsageQuery {
  readonly startDate: Date | null;
  readonly endDate: Date | null;
  readonly limit: number;
  readonly offset: number;
  readonly filters: ReadonlyMap<UsageFilter, string | number | null>;
}

const MAX_LIMIT = 10_000;
const MAX_PAGE = 1_000_000_000;
const NAMES: ReadonlySet<string> = new Set(['startDate', 'endDate', 'limit', 'page', ...FILTERS]);

/**
 * Checks a query. What is `undefined` counts as not given.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the option, its value and what was expected
 */
export function resolveUsageQuery(query: UsageQuery = {}): ResolvedUsageQuery {
  if (typeof query !== 'object' || query === null || Array.isArray(query))
    refuse('query', query, 'an object');
  const unknown = Object.keys(query).find((name) => !NAMES.has(name));
  if (unknown !== undefined) {
    refuse(
      unknown,
      (query as Record<string, unknown>)[unknown],
      `one of the options ${[...NAMES].join(', ')}`,
    );
  }
  const limit = resolveInteger('limit', query.limit ?? 500, MAX_LIMIT);
  return {
    startDate: resolveDate('startDate', query.startDate),
    endDate: resolveDate('endDate', query.endDate),
    limit,
    offset: (resolveInteger('page', query.page ?? 1, MAX_PAGE) - 1) * limit,
    filters: resolveFilters(query),
  };
}

function resolveFilters(query: UsageQuery): Map<UsageFilter, string | number | null> {
  const filters = new Map<UsageFilter, string | number | null>();
  for (const name of FILTERS) {
    const value: unknown = query[name];
    if (value === undefined) continue;
    // Whatever is no scalar could be an operator to some database, such as { $ne: null }.
    if (value === null && name !== 'method') filters.set(name, null);
    else if (name === 'status') filters.set(name, resolveStatus(value));
    else filters.set(name, resolveText(name, value));
  }
  return filters;
}

function resolveStatus(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value)
    ? value
    : refuse('status', value, 'an integer or null');
}

/** The text as records have it: to a database, NUL may end it, and a lone surrogate may be another character. */
function resolveText(name: Exclude<UsageFilter, 'status'>, value: unknown): string {
  if (typeof value === 'string') return cleanText(value, TEXT_LIMITS[name]);
  return refuse(name, value, name === 'method' ? 'text' : 'text or null');
}

function resolveInteger(name: string, value: unknown, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  return refuse(name, value, `an integer from 1 to ${max}`);
}

/** A day, or a day and a time of day with its zone: the text that means the same moment on every machine. */
const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

function resolveDate(name: string, value: unknown): Date | null {
  if (value === undefined) return null;
  if (value instanceof Date || (typeof value === 'string' && isCalendarText(value))) {
    const date = new Date(value);
    if (!Number.isNaN(date.getTime())) return date;
  }
  return refuse(name, value, "a valid Date or ISO 8601 text such as '2026-01-31' or '2026-01-31T12:00:00Z'");
}

/** `Date` reads the 31st of February as the 3rd of March; a caller who wrote it is told instead. */
function isCalendarText(text: string): boolean {
  const [, year, month, day] = ISO_8601.exec(text) ?? [];
  return day !== undefined && Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new TrackUsageError('INVALID_QUERY', `getUsage: '${name}' is ${show(value)}; expected ${expected}.`);
}
