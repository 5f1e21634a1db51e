import { TrackUsageError } from '../errors.js';
import { isFunction, isObject, show } from '../option-reader.js';
import type { ColumnProperty } from '../record/columns.js';
import type { UsageRecord } from '../record/usage-record.js';
import type {
  DimensionName,
  KeyPart,
  SummaryDimension,
  SummaryFigures,
  SummaryOf,
  SummaryOptions,
} from '../storage/usage-summary.js';

export type { KeyPart } from '../storage/usage-summary.js';

/** A dimension as it is summed up. */
export interface Dimension {
  readonly name: string;
  /** The names of the key's parts, as a row has them. */
  readonly parts: readonly string[];
  /** Keys that are kept in one period; further ones are counted as one. */
  readonly maxKeys: number;
  /** Whether a key may name a person. */
  readonly isPersonal: boolean;
  /** The columns of a record that tell its key; left out where it may be any. */
  readonly columns?: readonly ColumnProperty[];
  /** The key's parts of a record; null if the record has none. */
  readonly keyOf: (record: UsageRecord) => readonly KeyPart[] | null;
}

const MAX_KEYS = 2000;
const MAX_PAIRS = 5000;

const ENDPOINT = ['service', 'method', 'route', 'controller', 'action'];
const ENDPOINT_COLUMNS = ['serverName', 'method', 'route', 'controller', 'action'] as const;

const endpointOf = (record: UsageRecord): KeyPart[] => [
  record.serverName,
  record.method,
  record.route,
  record.controller,
  record.action,
];

function own(
  name: DimensionName,
  parts: readonly string[],
  columns: readonly ColumnProperty[],
  keyOf: Dimension['keyOf'],
  more: Partial<Dimension> = {},
): [string, Dimension] {
  return [name, { name, parts, columns, keyOf, maxKeys: MAX_KEYS, isPersonal: false, ...more }];
}

/** The dimensions that come with the library. */
const DIMENSIONS: ReadonlyMap<string, Dimension> = new Map([
  own('endpoint', ENDPOINT, ENDPOINT_COLUMNS, endpointOf),
  own('caller', ['username'], ['username'], (record) => [record.username], { isPersonal: true }),
  own(
    'endpointCaller',
    [...ENDPOINT, 'username'],
    [...ENDPOINT_COLUMNS, 'username'],
    (record) => [...endpointOf(record), record.username],
    { isPersonal: true, maxKeys: MAX_PAIRS },
  ),
  own('status', ['status'], ['status'], (record) => [record.status]),
  own('client', ['browser', 'platform'], ['uaBrowser', 'uaPlatform'], ({ userAgent }) => [
    userAgent.browser,
    userAgent.platform,
  ]),
  own('language', ['language'], ['uaLanguage'], ({ userAgent }) => [userAgent.language]),
  own('country', ['country'], ['ipInfo'], ({ ipInfo }) => [textOrNull(ipInfo?.['countryCode'])]),
  own('server', ['service'], ['serverName'], (record) => [record.serverName]),
  // A path may name a person, as /users/ada does.
  own(
    'path',
    ['service', 'method', 'path'],
    ['serverName', 'method', 'path'],
    (record) => [record.serverName, record.method, record.path],
    { isPersonal: true },
  ),
  own('remote', ['remoteAddr'], ['remoteAddr'], (record) => [record.remoteAddr], { isPersonal: true }),
  own('visitor', ['visitor'], ['visitor'], (record) => [record.visitor], {
    isPersonal: true,
    maxKeys: MAX_PAIRS,
  }),
]);

/** What is summed up unless the option says otherwise: neither addresses nor paths. */
export const DEFAULT_DIMENSIONS: readonly DimensionName[] = [
  'endpoint',
  'caller',
  'endpointCaller',
  'status',
  'client',
  'server',
];

/** The names of the dimensions that come with the library. */
export const DIMENSION_NAMES: readonly string[] = [...DIMENSIONS.keys()];

/** Definitions of {@link defineSummary}, by what it returned. */
const defined = new WeakMap<object, Dimension>();

/** Dimensions of the application's own, by name: queries name them. */
const byName = new Map<string, Dimension>();

/** What `defineSummary` takes. */
export interface SummaryDefinition {
  /** The dimension's name: a letter, then up to 39 letters, digits, `-` and `_`. */
  readonly name: string;
  /** The key of a record: text, a number, a truth value or null; undefined leaves the record out. */
  readonly key: (record: UsageRecord) => KeyPart | undefined;
  /** Keys that are kept in a period, from 1 to 50,000; further ones are counted as `(other)`. @default 2000 */
  readonly maxKeys?: number | undefined;
  /** Whether a key may name a person: such rows are deleted with the records. @default false */
  readonly personal?: boolean | undefined;
}

const NAME = /^[A-Za-z][\w-]{0,39}$/;

type ReservedName = keyof SummaryFigures | keyof SummaryOf<'server'> | keyof SummaryOptions;

/** What rows and queries have beside the key, which stands there under the dimension's name. */
const RESERVED: Readonly<Record<Exclude<ReservedName, 'service'>, true>> = {
  start: true,
  isOther: true,
  hits: true,
  clientErrors: true,
  serverErrors: true,
  aborted: true,
  bots: true,
  requestBytes: true,
  responseBytes: true,
  durationMs: true,
  firstDate: true,
  lastDate: true,
  by: true,
  period: true,
  startDate: true,
  endDate: true,
  orderBy: true,
  limit: true,
  fresh: true,
};

/**
 * Defines a dimension of the application's own, for the option `summaries.dimensions`. A row has its key under the dimension's
 * name. A definition that changes needs another name, or `rebuildSummaries`.
 *
 * ```ts
 * const tenant = defineSummary({ name: 'tenant', key: (record) => String(record.trackVar?.tenant) });
 * trackUsage({ summaries: { dimensions: ['endpoint', tenant] } });
 * ```
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if the name is taken or cannot be used, or the key is no function
 */
export function defineSummary(definition: SummaryDefinition): SummaryDimension {
  if (!isObject(definition)) refuse('definition', definition, 'an object with name and key');
  const { name, key, maxKeys = MAX_KEYS, personal = false } = definition;
  if (typeof name !== 'string' || !NAME.test(name) || DIMENSIONS.has(name) || Object.hasOwn(RESERVED, name)) {
    const taken = [...DIMENSION_NAMES, ...Object.keys(RESERVED)].join(', ');
    refuse('name', name, `a name of letters, digits, - and _, and none of ${taken}`);
  }
  if (byName.has(name)) refuse('name', name, 'a name that no other definition has, as queries name it');
  if (!isFunction(key)) refuse('key', key, 'a function of a record');
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1 || maxKeys > 50_000)
    refuse('maxKeys', maxKeys, 'an integer from 1 to 50000');
  if (typeof personal !== 'boolean') refuse('personal', personal, 'true or false');
  const keyOf = (record: UsageRecord): KeyPart[] | null => {
    const value = safely(key, record);
    return value === undefined ? null : [value];
  };
  const dimension: Dimension = { name, parts: [name], maxKeys, isPersonal: personal, keyOf };
  const handle = Object.freeze({ name });
  defined.set(handle, dimension);
  byName.set(name, dimension);
  return handle;
}

/** The dimension behind a name, or behind what `defineSummary` returned; undefined if there is none. */
export function dimensionOf(given: unknown): Dimension | undefined {
  if (typeof given === 'string') return DIMENSIONS.get(given) ?? byName.get(given);
  return isObject(given) ? defined.get(given) : undefined;
}

/** A key that throws, or is no scalar, counts as none, so that one record cannot keep all others from being summed up. */
function safely(key: SummaryDefinition['key'], record: UsageRecord): KeyPart | undefined {
  try {
    const value: unknown = key(record);
    if (typeof value === 'string') return value.replaceAll('\0', '').slice(0, 1024);
    // JSON has no negative zero: a key would differ between rows and records.
    if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
    return value === null || typeof value === 'boolean' ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new TrackUsageError(
    'INVALID_OPTION',
    `defineSummary: '${name}' is ${show(value)}; expected ${expected}.`,
  );
}
