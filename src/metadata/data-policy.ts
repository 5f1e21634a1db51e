import type { Context } from 'koa';
import { A_DURATION, type Duration } from './duration.js';
import { boolean, isObject, isText, oneOf, option, readOptions, text } from '../option-reader.js';

/** How much of an address a record keeps: all of it, its network (/24 for IPv4, /48 for IPv6), or nothing. */
export type IpPolicy = (typeof IP_POLICIES)[number];

/** The values of `IpPolicy`. */
export const IP_POLICIES = ['full', 'truncate', 'none'] as const;

/** What becomes of a route's parameter: it is kept, or `REDACTED` stands in its place. */
export type ParameterRule = 'keep' | 'redact';

/**
 * Which share of the requests is recorded, from 0 to 1, or a function that says so for each request when its
 * response has closed.
 */
export type SampleRate = number | ((ctx: Context) => number);

/** What is recorded of an action, and why it is kept. An omitted option is inherited: from the class, then the application. */
export class DataPolicy {
  /** How much of the client's address is kept. @default the option `ip` */
  readonly ip? = oneOf(IP_POLICIES);
  /** The query names that are kept, instead of those of the class or the application. @default the option `query` */
  readonly query? = queryNames();
  /** What becomes of the route's parameters, by name, in `params`, `path` and `url` alike. @default the option `params` */
  readonly params? = parameterRules();
  /** Which share of the requests is recorded, from 0 to 1. @default the option `sampleRate` */
  readonly sampleRate? = sampleRate();
  /** What records call the action, or the controller, instead of the name in the source. @default that name */
  readonly name? = text();
  /** Whether the application's own data is kept (`track`, `@UsageData()`). @default true, where no class says otherwise */
  readonly data? = boolean();
  /** Why the endpoint stays although nobody may call it: one line of 1 to 200 characters. It changes no record. @default none */
  readonly keep? = text({ expected: 'one line of 1 to 200 characters', accepts: isReason });
  /**
   * How long its records are kept, and summaries tell who called it. It only shortens: longer than the application's
   * `retention.records`, or `retention.callers`, has no effect beyond these. Without the option `retention`, it holds for these records
   * alone. @default as long as all records
   */
  readonly retention? = option<Duration>({ ...A_DURATION, convert: (given) => ({ ...given }) });
}

/** Characters of one line: neither control characters nor halves of a pair, which no database takes. */
const ONE_LINE = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u;

function isReason(value: unknown): boolean {
  return isText(value) && value.trim() !== '' && ONE_LINE.test(value);
}

/** What is recorded of an action, with nothing left open. */
export interface ResolvedDataPolicy {
  readonly ip: IpPolicy;
  readonly query: readonly string[];
  readonly params: Readonly<Record<string, ParameterRule>>;
  readonly sampleRate: SampleRate;
  /** Whether the application's own data is kept. */
  readonly data: boolean;
}

/**
 * Checks the options of a decorator.
 *
 * @param subject - the decorator as it is written, such as `@Tracked()`
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function readDataPolicy(subject: string, options: DataPolicy): DataPolicy {
  return readOptions<DataPolicy, DataPolicy>(subject, DataPolicy, options);
}

/** An option that lists query names: no empty name, and no wildcard. */
export function queryNames(fallback?: readonly string[]): readonly string[] | undefined {
  return option<readonly string[]>({
    default: fallback,
    expected: 'a list of query names, each written out, as there is no wildcard',
    accepts: (value) => Array.isArray(value) && value.every((name) => isText(name) && !name.includes('*')),
    convert: (names) => [...names],
  });
}

/** An option with a rule for each parameter. */
export function parameterRules(
  fallback?: Readonly<Record<string, ParameterRule>>,
): Readonly<Record<string, ParameterRule>> | undefined {
  return option<Readonly<Record<string, ParameterRule>>>({
    default: fallback,
    expected: "an object such as { token: 'redact' }, with 'keep' or 'redact' for each parameter",
    accepts: (value) =>
      isObject(value) && Object.values(value).every((rule) => rule === 'keep' || rule === 'redact'),
  });
}

/** An option that is a sample rate. */
export function sampleRate(fallback?: number): SampleRate | undefined {
  return option<SampleRate>({
    default: fallback,
    expected: 'a number from 0 to 1, or a function that returns one',
    accepts: (value) => typeof value === 'function' || isRate(value),
  });
}

/** Whether a value is a share of requests. */
export function isRate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

/** Merges two data policies: the weaker one fills in what the stronger one leaves open. */
export function mergeDataPolicies(stronger: DataPolicy, weaker: DataPolicy): DataPolicy {
  return {
    ip: stronger.ip ?? weaker.ip,
    query: stronger.query ?? weaker.query,
    params: stronger.params || weaker.params ? { ...weaker.params, ...stronger.params } : undefined,
    sampleRate: stronger.sampleRate ?? weaker.sampleRate,
    name: stronger.name ?? weaker.name,
    data: stronger.data ?? weaker.data,
    keep: stronger.keep ?? weaker.keep,
    retention: stronger.retention ?? weaker.retention,
  };
}

/**
 * Fills in what an action's data policy leaves open.
 *
 * @param said - the data policy of the action's decorators
 * @param options - the application's options
 */
export function resolveDataPolicy(
  said: DataPolicy,
  options: Omit<ResolvedDataPolicy, 'data'>,
): ResolvedDataPolicy {
  return {
    ip: said.ip ?? options.ip,
    query: said.query ?? options.query,
    params: said.params === undefined ? options.params : { ...options.params, ...said.params },
    sampleRate: said.sampleRate ?? options.sampleRate,
    data: said.data ?? true,
  };
}

/** Leaves everything open. */
export const NO_DATA_POLICY: DataPolicy = Object.freeze({});
