import type { UsageRecord } from '../record/usage-record.js';
import type { EndpointDeprecation, EndpointIdentity, WatchedDay } from '../endpoint/register.js';

/** All verdicts. */
export const VERDICTS = [
  'used',
  'deprecated',
  'bots-only',
  'fails-only',
  'unused',
  'sampled',
  'too-young',
  'untracked',
  'unwatched',
  'gone',
  'gone-still-called',
  'kept',
] as const;

/** What can be said of an endpoint. */
export type Verdict = (typeof VERDICTS)[number];

/** What a report rests on. */
export interface ReportBasis {
  readonly from: Date;
  readonly to: Date;
  /** Until when the figures hold. */
  readonly asOf: Date;
  /** The time zone of days. */
  readonly timeZone: string;
  /** The services that the report is about. */
  readonly services: readonly string[];
  /** Days from `from` to `to`, the last one up to now. */
  readonly days: number;
  /** Of these, on which an instance was watching; null where nothing is known of that. */
  readonly watchedDays: number | null;
  /** Of as many days before `from`, on which an instance was watching; null where nothing is known of that. */
  readonly watchedDaysBefore: number | null;
  /** Requests that were recorded, each by its weight; those of the endpoint or the caller in a report about one. */
  readonly calls: number;
  /** Whether crawlers, monitors and link previewers are left out wherever calls are counted. Errors and percentiles have theirs too. */
  readonly people: boolean;
  /** Records that were lost; null where nothing is known of that. */
  readonly lost: number | null;
  /** Requests that were not recorded, as configured, sampling aside; null where nothing is known of that. */
  readonly skipped: number | null;
  /** Whether some requests were recorded by a share only; null where nothing is known of that. */
  readonly sampled: boolean | null;
  /** The moment before which callers are not told, as retention has deleted them; null if all are there. */
  readonly callersSince: Date | null;
}

/** Figures of some requests and of those in as long a span before. */
export interface CallFigures {
  /** Requests that were recorded: none of an endpoint that is untracked, nor of a day that nobody watched. */
  readonly calls: number;
  /** Calls in the span before; null where nothing is known of it. */
  readonly before: number | null;
  readonly clientErrors: number;
  readonly serverErrors: number;
  readonly bots: number;
  /** Percentiles, within 2 %, in milliseconds; null without a call, or where they are not known. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** The last call that is known, also before the span; null for none. */
  readonly lastCall: Date | null;
}

/** An endpoint, whether or not it is called. */
export interface EndpointRow extends EndpointIdentity, CallFigures {
  readonly controller: string | null;
  readonly action: string | null;
  readonly verdict: Verdict;
  /** Why this verdict is given, in a few words. */
  readonly reason: string;
  /** Callers by name in the span; nobody known counts as none. Null where callers are not summed up. */
  readonly callers: number | null;
  /** The one who calls most; null if nobody is known. */
  readonly topCaller: string | null;
  readonly trackedSince: Date | null;
  readonly deprecation: EndpointDeprecation | null;
  /** Days on which it was watched since it is tracked without a break; null where no build declares it. */
  readonly watchedDays: number | null;
  /** The template that seems to have taken its place. */
  readonly renamedTo: string | null;
  /** The template whose place it seems to have taken. */
  readonly renamedFrom: string | null;
}

/** Every endpoint with its verdict, those first that can be deleted. */
export interface EndpointsReport extends ReportBasis {
  readonly endpoints: readonly EndpointRow[];
}

/** Someone who calls. */
export interface CallerRow extends CallFigures {
  /** Null for requests of nobody known. */
  readonly username: string | null;
  /** Whether it stands for all callers that are not kept apart, whose name is `(other)` then. Somebody may really be called so. */
  readonly isOther: boolean;
  /** Endpoints that were called. */
  readonly endpoints: number;
}

/** Who calls the API or one endpoint. */
export interface CallersReport extends ReportBasis {
  /** The endpoint; null for all. */
  readonly endpoint: EndpointIdentity | null;
  readonly callers: readonly CallerRow[];
  /** Callers by name in the span before; null where they are not told, or there were more than are kept apart. */
  readonly callersBefore: number | null;
  /** Whether there were more callers in a period than summaries keep apart; they are one row, `(other)`. */
  readonly isCapped: boolean;
}

/** What one caller calls. */
export interface CallerReport extends ReportBasis {
  readonly username: string;
  readonly endpoints: readonly (EndpointIdentity & CallFigures)[];
}

/** Calls of somebody to one endpoint. */
export interface CallerCalls {
  /** Null for requests of nobody known. */
  readonly username: string | null;
  readonly calls: number;
  readonly lastCall: Date;
}

/** A deprecated endpoint, and who still calls it. */
export interface DeprecationRow extends EndpointIdentity, EndpointDeprecation {
  /** Whole days until the sunset, negative after it; null without one. */
  readonly daysToSunset: number | null;
  readonly calls: number;
  readonly before: number | null;
  /** Calls in each week of the span, the latest last. */
  readonly weeks: readonly number[];
  /** Who called, those first that did most; null where callers are not told. */
  readonly callers: readonly CallerCalls[] | null;
  readonly lastCall: Date | null;
  readonly verdict: Verdict;
  /** Whether the sunset is over, or there is none, and the verdict is `unused`: nobody has called in the span, which was watched. */
  readonly isReadyToRemove: boolean;
  /** Why it can be removed, or not yet, in a few words. */
  readonly reason: string;
}

/** Who still calls what is deprecated. */
export interface DeprecationsReport extends ReportBasis {
  readonly deprecations: readonly DeprecationRow[];
}

/** Requests of a period. */
export interface TrafficRow extends CallFigures {
  readonly start: Date;
  /** Whether an instance was watching on any day of it; null where nothing is known of that. */
  readonly isWatched: boolean | null;
  readonly aborted: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Requests over time. */
export interface TrafficReport extends ReportBasis {
  /** The only endpoint that it is about; null for all. */
  readonly endpoint: EndpointIdentity | null;
  /** The only caller that it is about; null for all. */
  readonly username: string | null;
  readonly period: 'hour' | 'day' | 'month';
  /** The figures of the whole span. */
  readonly total: CallFigures;
  /** The figures of the whole span before, with a `before` of null; null where nothing is known of it. */
  readonly totalBefore: CallFigures | null;
  /**
   * Every period of the span, without calls too; of one caller, those since callers are told. `before` is that of the period as far into
   * the span before.
   */
  readonly traffic: readonly TrafficRow[];
}

/** An endpoint that fails. */
export interface ErrorRow extends EndpointIdentity, CallFigures {
  /** Errors of both kinds by calls, from 0 to 1. */
  readonly errorRate: number;
}

/** What fails. */
export interface ErrorsReport extends ReportBasis {
  /** Endpoints with errors, those first that have most of the server's. */
  readonly errors: readonly ErrorRow[];
  /**
   * Calls by status, null where no status went out, the most frequent first. Null if the report is about one of several services:
   * statuses are not told by service.
   */
  readonly statuses: readonly { readonly status: number | null; readonly calls: number }[] | null;
}

/** An endpoint that no build declares any more. */
export interface GoneRow extends EndpointIdentity {
  readonly lastDeclared: Date;
  readonly lastVersion: string | null;
  /** Requests for it since no instance can have answered for it, within the span. */
  readonly calls: number;
  readonly callers: number | null;
  readonly topCaller: string | null;
  readonly lastCall: Date | null;
  readonly renamedTo: string | null;
}

/** What is gone, and whether it is still called. */
export interface GoneReport extends ReportBasis {
  readonly gone: readonly GoneRow[];
}

/** An endpoint that a build takes away, and who would miss it. */
export interface RemovalRow extends EndpointIdentity {
  readonly change: 'removed' | 'renamed';
  readonly renamedTo: string | null;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly calls: number;
  /** Who called, those first that did most; null where callers are not told. */
  readonly callers: readonly CallerCalls[] | null;
  readonly lastCall: Date | null;
}

/** What a build removes, held against those who call it. */
export interface RemovalReport extends ReportBasis {
  readonly removal: readonly RemovalRow[];
}

/** What all other reports rest on. */
export interface StatusReport extends ReportBasis {
  /** Each day that the register tells of, and whether an instance watched on it. */
  readonly status: readonly (WatchedDay & { readonly isWatched: boolean })[];
  /** The moment before which all records are summed up; null where nothing is. */
  readonly foldedUntil: Date | null;
  /** The moment before which days are sealed: records of some actions or of all may be gone, and only summaries are complete. Null if none is. */
  readonly sealedUntil: Date | null;
  readonly newestRecord: Date | null;
  /** Whether the storage was opened for reading alone, so that other processes record and sum up. */
  readonly isReadOnly: boolean;
}

/** Records, the newest first. It is a list, and rests on no span that was watched. */
export interface RecordsReport {
  /** When it was asked for. */
  readonly asOf: Date;
  readonly records: readonly UsageRecord[];
  /** The `cursor` of the next page; null if nothing follows. */
  readonly nextCursor: string | null;
}

/** Any report. */
export type AnyReport =
  | EndpointsReport
  | CallersReport
  | CallerReport
  | DeprecationsReport
  | TrafficReport
  | ErrorsReport
  | GoneReport
  | RemovalReport
  | StatusReport
  | RecordsReport;
