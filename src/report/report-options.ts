import type { EndpointIdentity } from '../endpoint/register.js';
import { TrackUsageError } from '../errors.js';
import {
  boolean,
  integer,
  isObject,
  isText,
  oneOf,
  option,
  readOptions,
  required,
  text,
} from '../option-reader.js';
import { checkDates } from '../storage/usage-query.js';
import { FIRST_MS } from '../summary/periods.js';

/** The most days that a report is about. */
export const MOST_DAYS = 3660;

/** A day of the calendar, without a time of day. */
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A date as `getUsage` takes it. A day remains text, as its beginning depends on the time zone of the summaries. */
function date(): Date | string | undefined {
  return option<Date | string>({
    expected: 'a Date or ISO 8601 text',
    convert: (value, { subject, name }) => {
      const read = dateOf(subject, name, value);
      return typeof value === 'string' && DAY.test(value) ? value : read;
    },
  });
}

function dateOf(subject: string, name: string, value: unknown): Date {
  try {
    return checkDates(subject, value, undefined).startDate ?? new Date(FIRST_MS);
  } catch (error) {
    // The dates have other names here.
    const { message } = error as Error;
    throw new TrackUsageError('INVALID_QUERY', message.replace("'startDate'", `'${name}'`));
  }
}

/** Which span of time a report is about, and which services. */
export class ReportOptions {
  /** The days before `to`, in the time zone of the summaries, the day of `to` among them. From 1 to 3,660. @default 90 */
  readonly days? = integer({ min: 1, max: MOST_DAYS });
  /**
   * The earliest date instead of `days`, inclusive: a `Date` or ISO 8601 text; the beginning of its day counts. A day, such as
   * `'2026-01-31'`, is one of the time zone of the summaries. At most 3,660 days back.
   */
  readonly from? = date();
  /** The end, exclusive: a `Date` or ISO 8601 text; of a day, its beginning in the time zone of the summaries. @default now */
  readonly to? = date();
  /** Only this service. @default all */
  readonly service? = text();
  /**
   * Whether calls by crawlers, monitors and link previewers are left out where calls are counted. Verdicts, errors and percentiles stay,
   * as summaries do not tell whose they are. @default false
   */
  readonly people? = boolean(false);
}

/** How much has to be known before an endpoint is called unused. */
export interface VerdictRules {
  /** Days that it has to be tracked for. */
  readonly minimumDays: number;
  /** Days on which nobody may have watched. */
  readonly missingDays: number;
  /** The share of records that may be lost, from 0 to 1. */
  readonly lossTolerance: number;
}

/** The settings whose types differ from their options'. */
interface Checked extends VerdictRules {
  /** Text for a day. */
  readonly from: Date | string | undefined;
  readonly to: Date | string | undefined;
}

/** Checked options of a report. */
export type SettingsOf<Options extends ReportOptions> = Omit<Options, keyof Checked> &
  Pick<Checked, keyof Checked & keyof Options>;

export type ReportSettings = SettingsOf<ReportOptions>;
export type VerdictSettings = SettingsOf<VerdictOptions>;

/** How sure a report has to be of a verdict. */
export class VerdictOptions extends ReportOptions {
  /** Days that an endpoint has to be tracked for before anything is said of it, from 1 to 3,660. @default 30 */
  readonly minimumDays? = integer({ min: 1, max: MOST_DAYS, default: 30 });
  /** Days of the span on which nobody may have watched, from 0 to 3,660. @default 0 */
  readonly missingDays? = integer({ min: 0, max: MOST_DAYS, default: 0 });
  /** The share of a service's records that may be lost, from 0 to 1. @default 0.001 */
  readonly lossTolerance? = option<number>({
    min: 0,
    max: 1,
    default: 0.001,
    expected: 'a number from 0 to 1',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  });
}

/** The rules of verdicts, where nobody gives others. */
export const DEFAULT_RULES: VerdictRules = readReportOptions('', VerdictOptions, {});

/** An endpoint, of the only service that has it unless one is named. */
export type AskedEndpoint = Omit<EndpointIdentity, 'service'> & { readonly service?: string | undefined };

/** An endpoint by its method and route. */
function endpoint(): AskedEndpoint | undefined {
  return option<AskedEndpoint>({
    expected: "an object such as { method: 'GET', route: '/users/:id' }",
    accepts: (value) => {
      if (!isObject(value)) return false;
      const { method, route, service, ...others } = value as Record<string, unknown>;
      const isService = service === undefined || isText(service);
      return isText(method) && isText(route) && isService && Object.keys(others).length === 0;
    },
  });
}

/** Which endpoint's callers a report is about. */
export class CallersOptions extends ReportOptions {
  /** Only callers of this endpoint: `{ method, route }`, and `service` where several have it. @default all endpoints */
  readonly endpoint? = endpoint();
}

/** Whose calls a report is about. */
export class CallerOptions extends ReportOptions {
  /** The name, as records have it. */
  readonly username = required(text());
}

/** How traffic is told over time, and of which requests. */
export class TrafficOptions extends ReportOptions {
  /** Only calls of this endpoint: `{ method, route }`, and `service` where several have it. @default all, also of no endpoint */
  readonly endpoint? = endpoint();
  /** Only calls of this caller, as records have the name. @default all */
  readonly username? = text();
  /** How long the periods are. @default 'hour' up to two days, 'day' up to 92 of them, else 'month' */
  readonly period? = oneOf(['hour', 'day', 'month']);
}

/** A route of a build, as `tracker.routes()` lists it. */
export interface BuiltRoute {
  /** The request's method in capitals; `ALL` for every method. */
  readonly method: string;
  /** The route's template with its prefix. */
  readonly route: string;
  readonly controller?: string | null | undefined;
  readonly action?: string | null | undefined;
}

/** Which build is held against the endpoints that there are. */
export class RemovalOptions extends VerdictOptions {
  /** All routes of the build. */
  readonly routes = required(
    option<readonly BuiltRoute[]>({
      expected: 'a list of objects such as { method, route, controller, action }',
      accepts: (value) =>
        Array.isArray(value) &&
        value.every((one) => isText((one as BuiltRoute | null)?.method) && isText((one as BuiltRoute).route)),
    }),
  );
}

/**
 * Checks the options of a report.
 *
 * @throws {TrackUsageError} `INVALID_QUERY`, naming the option, its value and what was expected
 */
export function readReportOptions<Options extends ReportOptions>(
  subject: string,
  table: new () => Options,
  options: Options,
): SettingsOf<Options> {
  try {
    const settings: unknown = readOptions(subject, table, options);
    const { days, from } = settings as ReportSettings;
    if (days !== undefined && from !== undefined)
      throw new TrackUsageError('INVALID_QUERY', `${subject}: give 'days' or 'from', and not both.`);
    return settings as SettingsOf<Options>;
  } catch (error) {
    if (error instanceof TrackUsageError && error.code === 'INVALID_OPTION')
      throw new TrackUsageError('INVALID_QUERY', error.message, error.cause);
    throw error;
  }
}
