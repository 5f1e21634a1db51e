import { FIELDS } from '../record/fields.js';
import { TEXT_LIMITS } from '../record/limits.js';
import { cleanText } from '../record/text.js';
import type { UsageRecord } from '../record/usage-record.js';

/** The fields that a query can filter by. The table of fields says of which kind each is, and whether it may be null. */
export const FILTERS = [
  'route',
  'controller',
  'action',
  'status',
  'method',
  'username',
  'bot',
  'path',
  'serverName',
  'visitor',
] as const;

/** A field that a query can filter by. */
export type UsageFilter = (typeof FILTERS)[number];

/** A status, a class of them such as `'5xx'`, or `null` for clients that left before headers went out. */
export type StatusFilter = number | `${1 | 2 | 3 | 4 | 5}xx` | null;

/** The value of a field; for `status` also a list of which it has to be one, each once. */
export type FilterValue = string | number | boolean | null | readonly StatusFilter[];

/** The longest list of statuses. */
const MAX_STATUSES = 100;

const A_STATUS = `an integer, a class such as '5xx', null, or a list of 1 to ${MAX_STATUSES} of these`;

/**
 * Reads the value of a filter: a scalar, or a list of them. Anything else could be an operator to some database, such as
 * `{ $ne: null }`.
 *
 * @param refuse - throws an error that tells what was expected
 */
export function readFilter(
  name: UsageFilter,
  value: unknown,
  refuse: (expected: string) => never,
): FilterValue {
  const { kind, blank } = FIELDS[name];
  if (name === 'status') return readStatuses(value, refuse);
  if (value === null && blank === null) return null;
  if (kind === 'boolean' && typeof value === 'boolean') return value;
  // Text as records have it: to a database, NUL may end a text, and a lone surrogate may be another character.
  if (kind === 'text' && typeof value === 'string')
    return cleanText(value, TEXT_LIMITS[name as Exclude<typeof name, 'bot'>]);
  return refuse(kind === 'boolean' ? 'true or false' : blank === null ? 'text or null' : 'text');
}

/** One status, or several in an order of their own: a cursor belongs to a query in whatever order its list is given. */
function readStatuses(value: unknown, refuse: (expected: string) => never): FilterValue {
  // A copy without holes, which `every` would pass over.
  const given: unknown[] = Array.isArray(value) ? Array.from(value.slice(0, MAX_STATUSES + 1)) : [value];
  if (given.length > MAX_STATUSES || !given.every(isStatus)) return refuse(A_STATUS);
  const [one, ...others] = [...new Set(given)].toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
  if (one === undefined) return refuse(A_STATUS);
  return others.length === 0 ? one : [one, ...others];
}

function isStatus(value: unknown): value is StatusFilter {
  if (typeof value === 'string') return /^[1-5]xx$/.test(value);
  return value === null || Number.isSafeInteger(value);
}

/** The first status of a class, and the first behind it; null for the value of a filter that is no class. */
export function classBounds(
  name: UsageFilter,
  value: unknown,
): readonly [from: number, below: number] | null {
  if (name !== 'status' || typeof value !== 'string') return null;
  const from = Number(value.charAt(0)) * 100;
  return [from, from + 100];
}

/** Whether a record passes every filter. */
export function passes(record: UsageRecord, filters: ReadonlyMap<UsageFilter, FilterValue>): boolean {
  return [...filters].every(([name, value]) =>
    [value].flat().some((wanted) => {
      const bounds = classBounds(name, wanted);
      if (bounds === null) return record[name] === wanted;
      return Number(record[name]) >= bounds[0] && Number(record[name]) < bounds[1];
    }),
  );
}
