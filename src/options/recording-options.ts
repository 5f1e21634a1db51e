import type { Context } from 'koa';
import { parameterRules, queryNames, sampleRate } from '../metadata/data-policy.js';
import { type Settings, boolean, callable, group, oneOf, option } from '../option-reader.js';
import type { UsageRecordDraft } from '../record/usage-record.js';

/** What is done for clients that ask not to be watched. */
export type SignalResponse = (typeof SIGNAL_RESPONSES)[number];

const SIGNAL_RESPONSES = ['ignore', 'anonymize', 'skip'] as const;

/**
 * What is done for clients that ask not to be watched: `'ignore'` records them like others; `'anonymize'`
 * keeps no address, user name, visitor, user agent's text, nor a location finer than the country; `'skip'`
 * makes no record.
 */
export class RespectOptions {
  /** Clients that send `Sec-GPC: 1` (Global Privacy Control). @default 'ignore' */
  readonly gpc? = oneOf(SIGNAL_RESPONSES, 'ignore');
  /** Clients that send `DNT: 1` (Do Not Track). @default 'ignore' */
  readonly dnt? = oneOf(SIGNAL_RESPONSES, 'ignore');
}

/** Which requests are recorded, and what of them. */
export class RecordingOptions {
  /** The query names that are kept. Values of secrets are redacted all the same. @default [] */
  readonly query? = queryNames([]);
  /**
   * What becomes of routes' parameters, by name, in `params`, `path` and `url` alike. A parameter without a
   * rule is kept, unless its name is that of a secret, such as `token`. @default {}
   */
  readonly params? = parameterRules({});
  /**
   * Changes a record's draft before the limits apply, to remove data that other options leave. If it throws, the
   * record keeps no address, path, query, parameters, user name, user agent's text or own data. @default none
   */
  readonly redact? = callable<(record: UsageRecordDraft) => void>();
  /** Requests that are not recorded, whatever decorators say. Called when the response has closed. @default none */
  readonly ignore? = callable<(ctx: Context) => boolean>();
  /** Paths that are not recorded: a whole path, all below one (`'/internal/*'`), or an expression. @default [] */
  readonly ignorePaths? = option<readonly (string | RegExp)[]>({
    default: [],
    expected:
      "a list of paths that begin with '/', and may end in '/*' for all below them, or of regular expressions",
    accepts: (value) => Array.isArray(value) && value.every(isPath),
    convert: (paths) => [...paths],
  });
  /** Which share of the requests is recorded, from 0 to 1; a record's `weight` is 1 / share. @default 1 */
  readonly sampleRate? = sampleRate(1);
  /** Whether every request that failed (status 400 or more, or broken off) is recorded, whatever the sample rate. @default false */
  readonly keepErrors? = boolean(false);
  /** What is done with requests of known bots: they are tagged, or not recorded. @default 'tag' */
  readonly bots? = oneOf(['tag', 'skip'], 'tag');
  /** Whether the text of the `User-Agent` header is kept, beside what was read from it. @default true */
  readonly keepUserAgent? = boolean(true);
  /**
   * Whether visitors are told apart, by a pseudonym that holds for one day (UTC) and on one `serverName`. The
   * pseudonym is a hash of the full address and the `User-Agent` header with a salt. The first storage that
   * can keep salts shares the salt among all processes; it is deleted after 48 hours. @default false
   */
  readonly visitors? = boolean(false);
  /** What is done for clients that ask not to be watched. */
  readonly respect? = group(RespectOptions);
}

/** The options with every default filled in; null where there is no function. */
export type RecordingSettings = Settings<RecordingOptions, RecordingDifferences>;

/** The settings whose types differ from those of their options. */
export interface RecordingDifferences {
  readonly redact: ((record: UsageRecordDraft) => void) | null;
  readonly ignore: ((ctx: Context) => boolean) | null;
  readonly respect: Settings<RespectOptions>;
}

/** A `*` anywhere but behind the last slash would be taken for a wildcard that it is not. */
const PATH = /^\/(?:[^*]*|(?:[^*]*\/)?\*)$/;

function isPath(value: unknown): boolean {
  return value instanceof RegExp || (typeof value === 'string' && PATH.test(value));
}
