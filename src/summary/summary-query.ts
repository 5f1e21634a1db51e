import { TrackUsageError } from '../errors.js';
import { isObject, show } from '../option-reader.js';
import type { SummaryOrder, SummaryPeriod } from '../storage/usage-summary.js';
import { checkDates, resolveUsageCountQuery } from '../storage/usage-query.js';
import { DIMENSION_NAMES, type Dimension, type KeyPart, dimensionOf } from './dimensions.js';
import { ALWAYS } from './periods.js';

/** A checked query of `getSummary`. */
export interface ResolvedSummaryQuery {
  readonly dimension: Dimension;
  readonly period: SummaryPeriod;
  /** The earliest date, inclusive, and the end, exclusive, in milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly orderBy: SummaryOrder;
  readonly limit: number;
  readonly isFresh: boolean;
  /** Whether a key has the parts that are asked for; null stands for all keys that are not kept apart. */
  readonly isAsked: (key: readonly KeyPart[] | null) => boolean;
  /** Filters that spare reading records of other keys. */
  readonly recordFilters: object;
}

const METHOD = 'getSummary';
const PERIODS: readonly unknown[] = ['hour', 'day', 'month', 'total'];
const ORDERS: readonly unknown[] =
  'start hits clientErrors serverErrors aborted bots requestBytes responseBytes mean max p50 p95 p99 lastDate'.split(
    ' ',
  );
const OWN = ['by', 'period', 'startDate', 'endDate', 'orderBy', 'limit', 'fresh'];
const PART_TYPES: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);
const DEFAULT_LIMIT = 500;
const MAX_LIMIT = 100_000;

/**
 * Checks a query of `getSummary`.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the option, its value and what was expected
 */
export function resolveSummaryQuery(query: unknown): ResolvedSummaryQuery {
  if (!isObject(query)) refuse('query', query, "an object such as { by: 'endpoint' }");
  let given: Readonly<Record<string, unknown>>;
  try {
    // Without what every object has: a dimension may be named 'constructor'.
    given = { __proto__: null, ...query };
  } catch {
    return refuse('query', query, 'an object that can be read');
  }
  const dimension = dimensionOf(given['by']);
  if (dimension === undefined)
    return refuse(
      'by',
      given['by'],
      `one of ${DIMENSION_NAMES.join(', ')}, or the name of a dimension of defineSummary`,
    );
  const unknown = Object.keys(given).find((name) => !OWN.includes(name) && !dimension.parts.includes(name));
  if (unknown !== undefined)
    refuse(unknown, given[unknown], `one of the options ${[...OWN, ...dimension.parts].join(', ')}`);
  const { startDate, endDate } = checkDates(METHOD, given['startDate'], given['endDate']);
  const period = oneOf('period', given['period'] ?? 'total', PERIODS) as SummaryPeriod;
  const fallback = period === 'total' ? 'hits' : 'start';
  const limit = given['limit'] ?? DEFAULT_LIMIT;
  if (!Number.isSafeInteger(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT)
    refuse('limit', limit, `an integer from 1 to ${MAX_LIMIT}`);
  const fresh = given['fresh'] ?? true;
  if (typeof fresh !== 'boolean') return refuse('fresh', fresh, 'true or false');
  return {
    dimension,
    period,
    startMs: Math.max(startDate?.getTime() ?? -Infinity, ALWAYS.startMs),
    endMs: Math.min(endDate?.getTime() ?? Infinity, ALWAYS.endMs),
    orderBy: oneOf('orderBy', given['orderBy'] ?? fallback, ORDERS) as SummaryOrder,
    limit: Number(limit),
    isFresh: fresh,
    ...filtersOf(dimension, given),
  };
}

function filtersOf(
  dimension: Dimension,
  given: Readonly<Record<string, unknown>>,
): Pick<ResolvedSummaryQuery, 'isAsked' | 'recordFilters'> {
  const parts = dimension.parts
    .map((name, index) => ({ name, index, value: given[name] }))
    .filter(({ value }) => value !== undefined);
  const wrong = parts.find(({ value }) => value !== null && !PART_TYPES.has(typeof value));
  if (wrong !== undefined) refuse(wrong.name, wrong.value, 'text, a number, true, false or null');
  const isOwn = DIMENSION_NAMES.includes(dimension.name);
  const filters = parts.flatMap(({ name, value }) => {
    const field = name === 'service' ? 'serverName' : name;
    return isOwn && isFilter(field, value) ? [[field, value]] : [];
  });
  return {
    isAsked: (key) =>
      key === null ? parts.length === 0 : parts.every(({ index, value }) => key[index] === value),
    recordFilters: Object.fromEntries(filters) as object,
  };
}

/** Whether the reader takes a filter. It has none for some parts; and another value finds nothing, and is no error of its own here. */
function isFilter(field: string, value: unknown): boolean {
  try {
    resolveUsageCountQuery({ [field]: value });
    return true;
  } catch {
    return false;
  }
}

function oneOf(name: string, value: unknown, values: readonly unknown[]): unknown {
  if (!values.includes(value)) refuse(name, value, values.map((one) => `'${String(one)}'`).join(', '));
  return value;
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new TrackUsageError('INVALID_QUERY', `${METHOD}: '${name}' is ${show(value)}; expected ${expected}.`);
}
