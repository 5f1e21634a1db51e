import { types } from 'node:util';
import { TrackUsageError } from '../errors.js';
import { A_DATE, isObject, readDate, show } from '../option-reader.js';
import type { UsageRecord } from '../record/usage-record.js';
import { type UsagePosition, decodeCursor } from './usage-cursor.js';
import {
  FILTERS,
  type FilterValue,
  type StatusFilter,
  type UsageFilter,
  passes,
  readFilter,
} from './usage-filters.js';

/** Which records are meant: all of them, or those within dates that pass every filter. */
export interface UsageCountQuery {
  /** The earliest date, inclusive: a `Date` or ISO 8601 text. @default the beginning */
  readonly startDate?: Date | string | undefined;
  /** The end, exclusive: a `Date` or ISO 8601 text. @default none */
  readonly endDate?: Date | string | undefined;
  /** Just this route template; `null` for requests that matched none. */
  readonly route?: string | null | undefined;
  /** Just this controller class. */
  readonly controller?: string | null | undefined;
  /** Just this action method. */
  readonly action?: string | null | undefined;
  /** Just this status, this class of them, such as `'5xx'`, or one of up to 100 of these. */
  readonly status?: StatusFilter | readonly StatusFilter[] | undefined;
  /** Just this request method, as it was sent. */
  readonly method?: string | undefined;
  /** Just this user name; `null` for requests of nobody known. */
  readonly username?: string | null | undefined;
  /** Just crawlers, monitors and link previewers for `true`; all others for `false`. */
  readonly bot?: boolean | undefined;
  /** Just this path, as it was recorded. */
  readonly path?: string | undefined;
  /** Just this name of a server. */
  readonly serverName?: string | undefined;
  /** Just this visitor of a day; `null` for requests of which none is known. */
  readonly visitor?: string | null | undefined;
}

/** Which records `getUsage` returns. */
export interface UsageQuery extends UsageCountQuery {
  /** Records a page, from 1 to 10,000. @default 500 */
  readonly limit?: number | undefined;
  /** Which page, from 1. @default 1 */
  readonly page?: number | undefined;
}

/** Which records `getUsagePage` returns. */
export interface UsagePageQuery extends UsageCountQuery {
  /** Records a page, from 1 to 10,000. It may change from page to page. @default 500 */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before, read with the same dates and filters. @default null, the first page */
  readonly cursor?: string | null | undefined;
}

/** Which records `streamUsage` goes through. */
export interface UsageStreamQuery extends UsageCountQuery {
  /** Records that are read, and held in memory, at a time, from 1 to 10,000. @default 500 */
  readonly batchSize?: number | undefined;
}

/** A checked query: dates resolved, filters left out unless they were given. */
export interface ResolvedUsageCountQuery {
  /** The earliest date, inclusive; null for the beginning. */
  readonly startDate: Date | null;
  /** The end, exclusive; null for none. */
  readonly endDate: Date | null;
  /** The value that each field has to have that was filtered by, or one of a list. */
  readonly filters: ReadonlyMap<UsageFilter, FilterValue>;
}

/** A checked query for a page by its number. */
export interface ResolvedUsageQuery extends ResolvedUsageCountQuery {
  /** Records at most, from 1. */
  readonly limit: number;
  /** Records that are passed over first, from 0. */
  readonly offset: number;
}

/** A checked query for a page by its cursor. */
export interface ResolvedUsagePageQuery extends ResolvedUsageCountQuery {
  /** Records at most, from 1. */
  readonly limit: number;
  /** What the page comes after, which is within the dates; null for the first page. */
  readonly after: UsagePosition | null;
}

/** A checked query for records one after another. */
export interface ResolvedUsageStreamQuery extends ResolvedUsageCountQuery {
  /** Records that are read at a time, from 1. */
  readonly batchSize: number;
}

const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 10_000;
const MAX_PAGE = 1_000_000_000;
const A_CURSOR =
  'null for the first page, or the nextCursor of the page before as it was given, ' +
  'together with the same startDate, endDate and filters';

/**
 * Checks a query of `getUsage`. An option that is `undefined` counts as not given.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the option, its value and what was expected
 */
export function resolveUsageQuery(query: UsageQuery = {}): ResolvedUsageQuery {
  return read('getUsage', query, ['limit', 'page'], (given) => {
    const limit = given.integer('limit', DEFAULT_LIMIT, MAX_LIMIT);
    return { ...given.selection(), limit, offset: (given.integer('page', 1, MAX_PAGE) - 1) * limit };
  });
}

/**
 * Checks a query of `getUsagePage`. An option that is `undefined` counts as not given.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the option, its value and what was expected; also for a cursor
 *   that was altered, or is another query's
 */
export function resolveUsagePageQuery(query: UsagePageQuery = {}): ResolvedUsagePageQuery {
  return read('getUsagePage', query, ['limit', 'cursor'], (given) => {
    const selection = given.selection();
    const limit = given.integer('limit', DEFAULT_LIMIT, MAX_LIMIT);
    const cursor = given.value('cursor') ?? null;
    const after = typeof cursor === 'string' ? decodeCursor(cursor, scopeOf(selection)) : null;
    // A caller who computes a checksum must not get beyond the dates.
    if (cursor !== null && (after === null || !isWithin(after.date, selection)))
      given.refuse('cursor', A_CURSOR);
    return { ...selection, limit, after };
  });
}

/**
 * Checks a query of `countUsage`. An option that is `undefined` counts as not given.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the option, its value and what was expected
 */
export function resolveUsageCountQuery(query: UsageCountQuery = {}): ResolvedUsageCountQuery {
  return read('countUsage', query, [], (given) => given.selection());
}

/**
 * Checks a query of `streamUsage`. An option that is `undefined` counts as not given.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the option, its value and what was expected
 */
export function resolveUsageStreamQuery(query: UsageStreamQuery = {}): ResolvedUsageStreamQuery {
  return read('streamUsage', query, ['batchSize'], (given) => ({
    ...given.selection(),
    batchSize: given.integer('batchSize', DEFAULT_LIMIT, MAX_LIMIT),
  }));
}

/**
 * Checks two dates of a method that takes them under other names.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the method
 */
export function checkDates(
  method: string,
  startDate: unknown,
  endDate: unknown,
): Pick<ResolvedUsageCountQuery, 'startDate' | 'endDate'> {
  const dates = { startDate, endDate } as UsageCountQuery;
  return read(method, dates, [], (given) => given.selection());
}

/** The text that a cursor is bound to, equal for all queries of equal dates and filters. */
export function scopeOf({ startDate, endDate, filters }: ResolvedUsageCountQuery): string {
  const given = FILTERS.filter((name) => filters.has(name)).map((name) => [name, filters.get(name)]);
  return JSON.stringify([startDate, endDate, given]);
}

/** Whether a date is within those of a query. */
export function isWithin(date: Date, { startDate, endDate }: ResolvedUsageCountQuery): boolean {
  return (startDate === null || date >= startDate) && (endDate === null || date < endDate);
}

/** Whether a checked query means a record: the record's date is within those of the query, and it passes every filter. */
export function isSelected(record: UsageRecord, query: ResolvedUsageCountQuery): boolean {
  return isWithin(record.date, query) && passes(record, query.filters);
}

/** Resolves a query, which may be a proxy or have getters: if one of these throws, the query is refused. */
function read<Query extends UsageCountQuery, Result>(
  method: string,
  query: Query,
  own: readonly (keyof Query & string)[],
  resolve: (given: GivenQuery<Query>) => Result,
): Result {
  try {
    return resolve(new GivenQuery(method, query, own));
  } catch (error) {
    if (error instanceof TrackUsageError) throw error;
    throw invalidQuery(method, 'query', query, 'an object that can be read', error);
  }
}

/** The query that a method was given: checks each option by its name. */
class GivenQuery<Query extends UsageCountQuery> {
  readonly #method: string;
  readonly #query: Query;

  constructor(method: string, query: Query, own: readonly (keyof Query & string)[]) {
    this.#method = method;
    this.#query = query;
    if (!isObject(query)) throw invalidQuery(method, 'query', query, 'an object');
    const names: readonly string[] = ['startDate', 'endDate', ...own, ...FILTERS];
    const unknown = Object.keys(query).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      this.refuse(unknown as keyof Query & string, `one of the options ${names.join(', ')}`);
    }
  }

  selection(): ResolvedUsageCountQuery {
    return { startDate: this.#date('startDate'), endDate: this.#date('endDate'), filters: this.#filters() };
  }

  value(name: keyof Query & string): unknown {
    return this.#query[name];
  }

  integer(name: keyof Query & string, fallback: number, max: number): number {
    const value = this.value(name) ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
    return this.refuse(name, `an integer from 1 to ${max}`);
  }

  refuse(name: keyof Query & string, expected: string): never {
    throw invalidQuery(this.#method, name, this.#query[name], expected);
  }

  #filters(): Map<UsageFilter, FilterValue> {
    const given = FILTERS.filter((name) => this.value(name) !== undefined);
    return new Map(
      given.map((name) => [
        name,
        readFilter(name, this.value(name), (expected) => this.refuse(name, expected)),
      ]),
    );
  }

  #date(name: 'startDate' | 'endDate'): Date | null {
    const value = this.value(name);
    if (value === undefined) return null;
    return readDate(value) ?? this.refuse(name, A_DATE);
  }
}

/**
 * Checks the arguments of `deleteBefore`. A deletion cannot be undone, and each database reads an invalid date or limit in
 * its own way: MongoDB's driver makes 1970 of an invalid date.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the argument, its value and what was expected
 */
export function checkDeletion(date: Date, limit: number): void {
  if (!types.isDate(date) || Number.isNaN(new Date(date).getTime()))
    throw invalidQuery('deleteBefore', 'date', date, 'a valid Date');
  checkDeletionLimit('deleteBefore', limit);
}

/**
 * Checks how many records are to be deleted at most.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if it is no number of records
 */
export function checkDeletionLimit(method: string, limit: number): void {
  if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 0))
    throw invalidQuery(method, 'limit', limit, 'an integer that is not negative, or Infinity');
}

/** The error about an argument that is not usable. */
function invalidQuery(
  method: string,
  name: string,
  value: unknown,
  expected: string,
  cause?: unknown,
): TrackUsageError {
  const message = `${method}: '${name}' is ${show(value)}; expected ${expected}.`;
  return new TrackUsageError('INVALID_QUERY', message, cause);
}
