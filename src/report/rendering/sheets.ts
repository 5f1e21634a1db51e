import type {
  AnyReport,
  CallFigures,
  CallerReport,
  CallersReport,
  DeprecationsReport,
  EndpointsReport,
  ErrorsReport,
  GoneReport,
  RecordsReport,
  RemovalReport,
  ReportBasis,
  StatusReport,
  TrafficReport,
} from '../report.js';
import { counted, dayText, grouped } from '../words.js';
import { cellText } from './cell-text.js';
import type { Column, Sheet } from './column.js';
import { beforeText, isComparable, nameOf } from './columns.js';
import { RECORD_COLUMNS } from './record-columns.js';
import * as columns from './report-columns.js';

/** How long after a record it may take until it is summed up, in milliseconds. */
const LATE_MS = 3_600_000;

const LATE =
  'Records are summed up more than an hour late. Figures are exact all the same, and take longer. npx koa-track-usage doctor says why.';

/** What stands in a report's table, and above it. */
export function sheetOf(report: AnyReport): Sheet {
  // Traffic may be that of a caller, and a caller's report has endpoints too.
  if ('records' in report) return ofRecords(report);
  if ('traffic' in report) return ofTraffic(report);
  if ('username' in report) return ofCaller(report);
  if ('endpoints' in report) return ofEndpoints(report);
  if ('callers' in report) return ofCallers(report);
  if ('deprecations' in report) return ofDeprecations(report);
  if ('errors' in report) return ofErrors(report);
  if ('gone' in report) return ofGone(report);
  return 'removal' in report ? ofRemoval(report) : ofStatus(report);
}

function sheet<Row>(
  report: ReportBasis,
  about: string,
  rows: readonly Row[],
  shown: readonly Column<Row>[],
  notes: readonly string[] = [],
): Sheet {
  const { services, watchedDays, days, calls, people, lost, skipped, sampled, callersSince, timeZone, asOf } =
    report;
  const headline = [
    services.join(', ') || 'no service yet',
    about,
    watchedDays === null
      ? `${counted(days, 'day')}, not known how watched`
      : `${watchedDays} of ${counted(days, 'day')} watched`,
    `${counted(calls, 'call')}${lost === null ? '' : `, ${grouped(lost)} lost`}`,
    ...(people ? ['crawlers not counted in calls'] : []),
    ...(skipped === null || skipped === 0 ? [] : [`${grouped(skipped)} left out as configured`]),
    ...(sampled === true ? ['sampled'] : []),
  ];
  const since =
    callersSince === null
      ? []
      : [`Callers are told since ${dayText(callersSince, timeZone)}: names before that are deleted.`];
  const told = isComparable(report) ? shown : shown.filter(({ kind }) => kind !== 'change');
  // The columns belong to these rows, whatever their type.
  return { headline, notes: [...since, ...notes], columns: told, rows, timeZone, asOf } as unknown as Sheet;
}

function ofEndpoints(report: EndpointsReport): Sheet {
  const { endpoints, services } = report;
  return sheet(report, counted(endpoints.length, 'endpoint'), endpoints, columns.endpoints(services));
}

function ofCallers(report: CallersReport): Sheet {
  const { callers, callersBefore, endpoint, isCapped } = report;
  const about = counted(
    callers.filter(({ username, isOther }) => username !== null && !isOther).length,
    'caller',
  );
  const place = endpoint === null ? '' : ` of ${endpoint.method} ${endpoint.route}`;
  const notes = [
    ...(callersBefore === null ? [] : [`${counted(callersBefore, 'caller')} in the span before`]),
    ...(isCapped ? ['There were more callers than are kept apart.'] : []),
  ];
  return sheet(report, about + place, callers, columns.callers(endpoint !== null), notes);
}

function ofCaller(report: CallerReport): Sheet {
  const { endpoints, username, services } = report;
  return sheet(
    report,
    `${nameOf(username)}: ${counted(endpoints.length, 'endpoint')}`,
    endpoints,
    columns.caller(services),
  );
}

function ofDeprecations(report: DeprecationsReport): Sheet {
  const { deprecations, services } = report;
  const about = `${counted(deprecations.length, 'endpoint')} deprecated`;
  return sheet(report, about, deprecations, columns.deprecations(services));
}

function ofTraffic(report: TrafficReport): Sheet {
  const { traffic, total, totalBefore, period, endpoint, username } = report;
  const p95Of = ({ p95Ms }: CallFigures): string => cellText(p95Ms, 'milliseconds', report, 'absolute');
  const duration = `p95 ${p95Of(total)}${totalBefore === null ? '' : `, before ${p95Of(totalBefore)}`}`;
  const about = [
    `calls by ${period}`,
    ...(endpoint === null ? [] : [`of ${endpoint.method} ${endpoint.route}`]),
    ...(username === null ? [] : [`by ${nameOf(username)}`]),
  ];
  return sheet(report, about.join(', '), traffic, columns.traffic(), [
    `${beforeText(total, report)}, ${duration}`,
  ]);
}

function ofErrors(report: ErrorsReport): Sheet {
  const { errors, statuses, services } = report;
  const list =
    statuses?.map(({ status, calls }) => `${status ?? 'none'} × ${grouped(calls)}`).join(', ') ?? '';
  const notes = list === '' ? [] : [`By status: ${list}`];
  return sheet(
    report,
    `${counted(errors.length, 'endpoint')} with errors`,
    errors,
    columns.errors(services),
    notes,
  );
}

function ofGone(report: GoneReport): Sheet {
  const { gone, services } = report;
  return sheet(report, `${counted(gone.length, 'endpoint')} gone`, gone, columns.gone(services));
}

function ofRemoval(report: RemovalReport): Sheet {
  const { removal, services } = report;
  const about = `${counted(removal.length, 'endpoint')} removed or renamed`;
  return sheet(report, about, removal, columns.removal(services));
}

function ofStatus(report: StatusReport): Sheet {
  const { status, foldedUntil, sealedUntil, newestRecord, isReadOnly } = report;
  const text = (date: Date | null): string => cellText(date, 'moment', report, 'absolute');
  const sealed =
    sealedUntil === null ? 'no day is sealed' : `only summaries are complete before ${text(sealedUntil)}`;
  const lateMs = (newestRecord?.getTime() ?? 0) - (foldedUntil?.getTime() ?? Infinity);
  const notes = [
    `Newest record ${text(newestRecord)}, summed up until ${text(foldedUntil)}, ${sealed}`,
    ...(lateMs > LATE_MS ? [LATE] : []),
    ...(isReadOnly ? ['The storage is opened for reading only: other processes record and sum up.'] : []),
  ];
  return sheet(report, `days as they were watched`, status, columns.status(), notes);
}

function ofRecords({ records, asOf }: RecordsReport): Sheet {
  const headline = [counted(records.length, 'record'), 'dates in UTC'];
  const about = { headline, notes: [], timeZone: 'UTC', asOf };
  return { ...about, columns: RECORD_COLUMNS, rows: records } as unknown as Sheet;
}
