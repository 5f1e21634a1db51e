import type { Context } from 'koa';
import {
  A_NAME_LIST,
  type ParameterRule,
  type SampleRate,
  isNameList,
  readParameterRules,
  readSampleRate,
} from '../metadata/data-policy.js';
import { OptionReader, isFunction } from '../option-reader.js';
import type { UsageRecordDraft } from '../record/usage-record.js';

/** What is done for clients that ask not to be watched. */
export type SignalResponse = 'ignore' | 'anonymize' | 'skip';

/**
 * What is done for clients that ask not to be watched: `'ignore'` records them like others; `'anonymize'` keeps no
 * address, user name, visitor, user agent's text, nor a location finer than the country; `'skip'` makes no
 * record.
 */
export interface RespectOptions {
  /** Clients that send `Sec-GPC: 1` (Global Privacy Control). @default 'ignore' */
  readonly gpc?: SignalResponse | undefined;
  /** Clients that send `DNT: 1` (Do Not Track). @default 'ignore' */
  readonly dnt?: SignalResponse | undefined;
}

/** Which requests are recorded, and what of them. */
export interface RecordingOptions {
  /** The query names that are kept; all others are dropped. Values of secrets never are. @default [] */
  readonly query?: readonly string[] | undefined;
  /**
   * What becomes of routes' parameters, by name, in `params`, `path` and `url` alike. What is not named is kept, unless
   * its name is that of a secret, such as `token`. @default {}
   */
  readonly params?: Readonly<Record<string, ParameterRule>> | undefined;
  /**
   * Changes a record before its limits are applied, to take out what the other options do not reach. If it throws, the
   * record keeps neither address, path, query, parameters, user name, user agent's text nor own data. @default none
   */
  readonly redact?: ((record: UsageRecordDraft) => void) | undefined;
  /** Requests that are not recorded, whatever decorators say. Called when the response has closed. @default none */
  readonly ignore?: ((ctx: Context) => boolean) | undefined;
  /** Paths that are not recorded: a whole path, all below one (`'/internal/*'`), or an expression. @default [] */
  readonly ignorePaths?: readonly (string | RegExp)[] | undefined;
  /** Which share of the requests is recorded, from 0 to 1; a record's `weight` is 1 / share. @default 1 */
  readonly sampleRate?: SampleRate | undefined;
  /** Whether every request that failed (status 400 or more, or broken off) is recorded, whatever the sample rate. @default false */
  readonly keepErrors?: boolean | undefined;
  /** What is done with requests of known bots: they are tagged, or not recorded. @default 'tag' */
  readonly bots?: 'tag' | 'skip' | undefined;
  /** Whether the text of the `User-Agent` header is kept, beside what it says. @default true */
  readonly keepUserAgent?: boolean | undefined;
  /**
   * Whether visitors are told apart, by a pseudonym that holds for one day (UTC) and on one `serverName`. It is a hash of
   * the full address and the `User-Agent` header with a salt that the first storage which can keep salts shares among all
   * processes, and that is deleted after 48 hours. @default false
   */
  readonly visitors?: boolean | undefined;
  /** What is done for clients that ask not to be watched. */
  readonly respect?: RespectOptions | undefined;
}

/** The names of `RecordingOptions`. */
export const RECORDING_NAMES = [
  'query',
  'params',
  'redact',
  'ignore',
  'ignorePaths',
  'sampleRate',
  'keepErrors',
  'bots',
  'keepUserAgent',
  'visitors',
  'respect',
] as const satisfies readonly (keyof RecordingOptions)[];

/** The same with every default filled in; null where there is no function. */
export interface RecordingSettings {
  readonly query: readonly string[];
  readonly params: Readonly<Record<string, ParameterRule>>;
  readonly redact: ((record: UsageRecordDraft) => void) | null;
  readonly ignore: ((ctx: Context) => boolean) | null;
  readonly ignorePaths: readonly (string | RegExp)[];
  readonly sampleRate: SampleRate;
  readonly keepErrors: boolean;
  readonly bots: 'tag' | 'skip';
  readonly keepUserAgent: boolean;
  readonly visitors: boolean;
  readonly respect: { readonly gpc: SignalResponse; readonly dnt: SignalResponse };
}

/** A `*` anywhere but behind the last slash would be taken for a wildcard that it is not. */
const PATH = /^\/(?:[^*]*|(?:[^*]*\/)?\*)$/;

const SIGNAL_RESPONSES: readonly SignalResponse[] = ['ignore', 'anonymize', 'skip'];

/**
 * Checks the options and fills in the defaults.
 *
 * @param subject - who takes the options, for errors
 */
export function resolveRecordingOptions(
  subject: string,
  reader: OptionReader<RecordingOptions>,
  respect: RespectOptions = {},
): RecordingSettings {
  const signals = new OptionReader(subject, respect, ['gpc', 'dnt'], 'respect');
  return {
    query: [...reader.read('query', isNameList, A_NAME_LIST, [] as readonly string[])],
    params: readParameterRules(reader, 'params', {}),
    redact: reader.read('redact', isFunction, 'a function', null as RecordingSettings['redact']),
    ignore: reader.read('ignore', isFunction, 'a function', null as RecordingSettings['ignore']),
    ignorePaths: [
      ...reader.read(
        'ignorePaths',
        isPathList,
        "a list of paths that begin with '/', and may end in '/*' for all below them, or of regular expressions",
        [] as readonly (string | RegExp)[],
      ),
    ],
    sampleRate: readSampleRate(reader, 'sampleRate', 1),
    keepErrors: reader.boolean('keepErrors', false),
    bots: reader.oneOf('bots', ['tag', 'skip'], 'tag'),
    keepUserAgent: reader.boolean('keepUserAgent', true),
    visitors: reader.boolean('visitors', false),
    respect: {
      gpc: signals.oneOf('gpc', SIGNAL_RESPONSES, 'ignore'),
      dnt: signals.oneOf('dnt', SIGNAL_RESPONSES, 'ignore'),
    },
  };
}

function isPathList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((path) => path instanceof RegExp || (typeof path === 'string' && PATH.test(path)))
  );
}
