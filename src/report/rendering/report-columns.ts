import type {
  CallerReport,
  CallerRow,
  DeprecationRow,
  EndpointRow,
  ErrorRow,
  GoneRow,
  RemovalRow,
  StatusReport,
  TrafficRow,
} from '../report.js';
import { countAll } from '../report-source.js';
import type { Column } from './column.js';
import {
  callColumns,
  callersColumn,
  column,
  data,
  durationColumns,
  endpointColumns,
  lastCallColumn,
  nameOf,
  p95Column,
  reasonColumn,
  topCallerColumn,
  verdictColumn,
} from './columns.js';

type Columns<Row> = readonly Column<Row>[];

/** Whether nothing is recorded of an endpoint, so that its figures are not known. */
function isUnknown({ verdict, calls }: EndpointRow): boolean {
  return verdict === 'untracked' && calls === 0;
}

/** Whether nobody could see whether there were calls. */
function isUnseen({ isWatched, calls, bots }: TrafficRow): boolean {
  return isWatched === false && calls === 0 && bots === 0;
}

/** What may have become of an endpoint's name. */
function renameText({ renamedTo, renamedFrom }: EndpointRow): string {
  const to = renamedTo === null ? '' : `; renamed to ${renamedTo}?`;
  return renamedFrom === null ? to : `${to}; renamed from ${renamedFrom}?`;
}

/** The table of all endpoints. */
export function endpoints(services: readonly string[]): Columns<EndpointRow> {
  return [
    verdictColumn(),
    ...endpointColumns<EndpointRow>(services),
    ...data<EndpointRow>('controller', 'action'),
    ...callColumns<EndpointRow>({ shown: (row) => (isUnknown(row) ? undefined : row.calls) }),
    column('callers', 'CALLERS', 'count', { shown: (row) => (row.calls === 0 ? null : row.callers) }),
    ...data<EndpointRow>('clientErrors', 'serverErrors', 'bots', 'p50Ms'),
    p95Column(),
    ...data<EndpointRow>('p99Ms'),
    {
      ...lastCallColumn<EndpointRow>(),
      shown: (row) => (isUnknown(row) ? undefined : (row.lastCall ?? 'never')),
    },
    topCallerColumn(),
    ...data<EndpointRow>('trackedSince', 'watchedDays', 'renamedTo', 'renamedFrom'),
    reasonColumn({ shown: (row) => row.reason + renameText(row) }),
  ];
}

/** Who calls. */
export function callers(isOfOneEndpoint: boolean): Columns<CallerRow> {
  return [
    column('username', 'CALLER', 'text', {
      rank: 0,
      least: 30,
      shown: ({ username, isOther }) => (isOther ? username : nameOf(username)),
    }),
    ...data<CallerRow>('isOther'),
    ...callColumns<CallerRow>(),
    ...(isOfOneEndpoint
      ? data<CallerRow>('endpoints')
      : [column<CallerRow>('endpoints', 'ENDPOINTS', 'count')]),
    column('clientErrors', '4XX', 'count'),
    column('serverErrors', '5XX', 'count'),
    ...durationColumns<CallerRow>(),
  ];
}

type CalledEndpoint = CallerReport['endpoints'][number];

/** What somebody calls. */
export function caller(services: readonly string[]): Columns<CalledEndpoint> {
  return [
    ...endpointColumns<CalledEndpoint>(services),
    ...callColumns<CalledEndpoint>(),
    column('clientErrors', '4XX', 'count'),
    column('serverErrors', '5XX', 'count'),
    ...durationColumns<CalledEndpoint>(),
  ];
}

/** What is deprecated, and who still calls it. */
export function deprecations(services: readonly string[]): Columns<DeprecationRow> {
  return [
    ...endpointColumns<DeprecationRow>(services),
    column('since', 'SINCE', 'day', { rank: 3 }),
    column('sunset', 'SUNSET', 'day', { rank: 3 }),
    column('daysToSunset', 'DAYS LEFT', 'count', { rank: 1 }),
    ...callColumns<DeprecationRow>(),
    {
      name: 'weeks',
      title: 'LAST WEEK',
      kind: 'count',
      rank: 3,
      value: ({ weeks }) => weeks.join(' '),
      shown: ({ weeks }) => weeks.at(-1) ?? null,
    },
    callersColumn(),
    lastCallColumn(),
    column('replacement', 'REPLACEMENT', 'text'),
    ...data<DeprecationRow>('link'),
    verdictColumn(),
    column('isReadyToRemove', 'REMOVE', 'flag', {
      rank: 0,
      tone: ({ isReadyToRemove }) => (isReadyToRemove ? 'good' : 'faint'),
    }),
    // Who still calls, and whether it can be removed, say more.
    reasonColumn({ rank: 2 }),
  ];
}

/** Requests over time. */
export function traffic(): Columns<TrafficRow> {
  return [
    column('start', 'START', 'moment', { rank: 0 }),
    ...data<TrafficRow>('isWatched'),
    ...callColumns<TrafficRow>({ shown: (row) => (isUnseen(row) ? undefined : row.calls) }),
    column('clientErrors', '4XX', 'count'),
    column('serverErrors', '5XX', 'count'),
    column('aborted', 'ABORTED', 'count', { rank: 3 }),
    column('bots', 'BOTS', 'count'),
    column('p50Ms', 'P50', 'milliseconds', { rank: 3 }),
    column('p95Ms', 'P95', 'milliseconds'),
    column('p99Ms', 'P99', 'milliseconds', { rank: 3 }),
    ...data<TrafficRow>('lastCall'),
    column('requestBytes', 'IN', 'bytes', { rank: 3 }),
    column('responseBytes', 'OUT', 'bytes', { rank: 3 }),
  ];
}

/** What fails. */
export function errors(services: readonly string[]): Columns<ErrorRow> {
  return [
    ...endpointColumns<ErrorRow>(services),
    ...callColumns<ErrorRow>(),
    column('serverErrors', '5XX', 'count'),
    column('clientErrors', '4XX', 'count'),
    column('errorRate', 'RATE', 'share'),
    ...durationColumns<ErrorRow>(),
  ];
}

/** What is gone. */
export function gone(services: readonly string[]): Columns<GoneRow> {
  return [
    ...endpointColumns<GoneRow>(services),
    column('lastDeclared', 'GONE SINCE', 'day', { rank: 1 }),
    column('lastVersion', 'LAST VERSION', 'text', { rank: 3 }),
    column('calls', 'CALLS SINCE', 'count', { rank: 1, tone: ({ calls }) => (calls > 0 ? 'bad' : null) }),
    column('callers', 'CALLERS', 'count'),
    topCallerColumn(),
    lastCallColumn(),
    column('renamedTo', 'RENAMED TO?', 'text'),
  ];
}

/** What a build takes away. */
export function removal(services: readonly string[]): Columns<RemovalRow> {
  return [
    column('change', 'CHANGE', 'text', { rank: 0 }),
    ...endpointColumns<RemovalRow>(services),
    column('renamedTo', 'RENAMED TO?', 'text'),
    verdictColumn(),
    column('calls', 'CALLS', 'count'),
    callersColumn(),
    lastCallColumn(),
    reasonColumn(),
  ];
}

type StatusRow = StatusReport['status'][number];

/** How days were watched. */
export function status(): Columns<StatusRow> {
  return [
    column('start', 'DAY', 'day', { rank: 0 }),
    column('service', 'SERVICE', 'text'),
    column('isWatched', 'WATCHED', 'flag', {
      rank: 0,
      tone: ({ isWatched }) => (isWatched ? 'good' : 'bad'),
    }),
    column('instances', 'INSTANCES', 'count'),
    column('unclosed', 'UNCLOSED', 'count'),
    column('accepted', 'RECORDS', 'count'),
    column('asOf', 'AS OF', 'moment'),
    reasons('dropped', 'LOST'),
    reasons('skipped', 'LEFT OUT'),
  ];
}

/** A column of counts by reason, which people read added up. */
function reasons(name: 'dropped' | 'skipped', title: string): Column<StatusRow> {
  return {
    name,
    title,
    kind: 'count',
    value: (row) =>
      Object.entries(row[name])
        .map(([reason, count]) => `${reason}: ${count}`)
        .join(', '),
    shown: (row) => countAll([row[name]]),
  };
}
