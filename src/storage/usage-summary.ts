import type { UsageReader } from './usage-reader.js';

/** A part of a key. */
export type KeyPart = string | number | boolean | null;

interface EndpointKey {
  /** The application that answered. */
  readonly service: string;
  readonly method: string;
  /** The route's template; null for requests that matched none. */
  readonly route: string | null;
  readonly controller: string | null;
  readonly action: string | null;
}

interface CallerKey {
  /** Who called; null for requests of nobody known. */
  readonly username: string | null;
}

/** The parts of the keys of each dimension that comes with the library. */
export interface SummaryKeys {
  readonly endpoint: EndpointKey;
  readonly caller: CallerKey;
  readonly endpointCaller: EndpointKey & CallerKey;
  readonly status: { readonly status: number | null };
  readonly client: { readonly browser: string | null; readonly platform: string | null };
  readonly language: { readonly language: string | null };
  /** The country's code (ISO 3166-1 alpha-2). */
  readonly country: { readonly country: string | null };
  readonly server: { readonly service: string };
  readonly path: { readonly service: string; readonly method: string; readonly path: string };
  readonly remote: { readonly remoteAddr: string | null };
  readonly visitor: { readonly visitor: string | null };
}

/** A dimension that comes with the library. */
export type DimensionName = keyof SummaryKeys;

/** A dimension of the application's own, as `defineSummary` returns it. */
export interface SummaryDimension {
  readonly name: string;
}

/** The parts of a dimension's key. */
export type KeyOf<By> = By extends DimensionName
  ? SummaryKeys[By]
  : { readonly [Part in By & string]: KeyPart };

/** How long the periods are that rows are about; `total` is one for all. */
export type SummaryPeriod = 'hour' | 'day' | 'month' | 'total';

/** Durations, in milliseconds. The percentiles are within 2 % of the exact ones, and those up to 0.1 ms are told as 0.1 or the longest. */
export interface SummaryDurations {
  readonly mean: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** How requests went. Each record counts by its weight, so that sampled ones stand for all. */
export interface SummaryFigures {
  /** Requests. */
  readonly hits: number;
  /** Of these, with a status of 400 to 499. */
  readonly clientErrors: number;
  /** Of these, with a status of 500 to 599. */
  readonly serverErrors: number;
  /** Of these, whose client left before the response was complete. */
  readonly aborted: number;
  /** Of these, by crawlers, monitors and link previewers. */
  readonly bots: number;
  /** Bytes of the requests' bodies, of which are known. */
  readonly requestBytes: number;
  /** Bytes of the responses' bodies, of which are known. */
  readonly responseBytes: number;
  readonly durationMs: SummaryDurations;
  /** When the first of them started. */
  readonly firstDate: Date;
  /** When the last of them started. */
  readonly lastDate: Date;
}

/** The figures of one key in one period. */
export type SummaryOf<By> = KeyOf<By> &
  SummaryFigures & {
    /** When the period begins; null for `period: 'total'`. */
    readonly start: Date | null;
    /** Whether the row stands for all keys beyond the most that a dimension keeps; its texts are `(other)`. */
    readonly isOther: boolean;
  };

/** What rows can be ordered by. */
export type SummaryOrder =
  | 'start'
  | 'hits'
  | 'clientErrors'
  | 'serverErrors'
  | 'aborted'
  | 'bots'
  | 'requestBytes'
  | 'responseBytes'
  | 'mean'
  | 'max'
  | 'p50'
  | 'p95'
  | 'p99'
  | 'lastDate';

/** Which summary is asked for. */
export interface SummaryOptions<By extends string = DimensionName> {
  /** What rows are about: the name of a dimension. */
  readonly by: By;
  /** How long the periods are, in the time zone of the summaries. @default 'total' */
  readonly period?: SummaryPeriod | undefined;
  /** The earliest date, inclusive: a `Date` or ISO 8601 text. @default the beginning */
  readonly startDate?: Date | string | undefined;
  /** The end, exclusive: a `Date` or ISO 8601 text. @default none */
  readonly endDate?: Date | string | undefined;
  /** What comes first: the earliest for `'start'`, else the largest. @default 'start', and 'hits' for `period: 'total'` */
  readonly orderBy?: SummaryOrder | undefined;
  /** Rows at most, from 1 to 100,000. @default 500 */
  readonly limit?: number | undefined;
  /** Whether requests count that are not yet folded into summaries; without them the answer says until when it holds. @default true */
  readonly fresh?: boolean | undefined;
}

/** Which summary is asked for, with filters by parts of the dimension's key. */
export type SummaryQuery<By extends string = DimensionName> = SummaryOptions<By> & {
  readonly [Part in keyof KeyOf<By>]?: KeyOf<By>[Part] | undefined;
};

/** An answer of `getSummary`, and what it rests on. */
export interface UsageSummary<By extends string = DimensionName> {
  readonly rows: SummaryOf<By>[];
  /** Whether there are rows beyond `limit`. */
  readonly isMore: boolean;
  /** The moment until which the answer holds: that of the reading, or with `fresh: false` the end of what is folded. */
  readonly asOf: Date;
  /** The time zone of the periods. */
  readonly timeZone: string;
  /** Periods that were answered from summaries. */
  readonly folded: number;
  /** Records that were counted one by one, as they are in no summary yet. */
  readonly live: number;
  /** The moment before which all records are summed up, whatever the question is about; null where nothing is summed up. */
  readonly foldedUntil: Date | null;
  /** Where days are sealed, so that `retention` may delete records of them, the moment before which only summaries are complete; else null. */
  readonly sealedUntil: Date | null;
  /** The moment before which nothing is left that tells of this dimension, as its rows were deleted, or it was added later; else null. */
  readonly toldSince: Date | null;
}

/** What answers from summaries. */
export interface SummaryReader {
  /**
   * Sums requests up by the keys of a dimension. The answer equals what the records add up to, whether or not they are folded
   * into summaries: what is not is counted one by one.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable, or asks for what retention has deleted
   */
  getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>>;
}

/** Whether a reader answers from summaries. */
export function isSummaryReader(reader: UsageReader | undefined): reader is UsageReader & SummaryReader {
  return typeof (reader as Partial<SummaryReader> | undefined)?.getSummary === 'function';
}
