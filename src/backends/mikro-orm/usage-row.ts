import type { JsonObject, UsageRecord } from '../../record/usage-record.js';
import { utcDate } from './mysql-column-types.js';

/** A row of the table: a record with its user agent laid flat. */
export interface UsageRow extends Omit<UsageRecord, 'userAgent'> {
  readonly uaBrowser: string | null;
  readonly uaVersion: string | null;
  readonly uaPlatform: string | null;
  readonly uaLanguage: string | null;
  readonly uaString: string | null;
}

/** A column of the table: its name in the entity, and what of a record it holds. */
export interface UsageColumn {
  /** The property of the entity. */
  readonly property: keyof UsageRow;
  /** What a record has there. JSON is text, dates are dates. */
  readonly value: (record: UsageRecord) => ColumnValue;
}

/** What a column can hold, before a dialect makes it its own. */
export type ColumnValue = string | number | boolean | Date | null;

/** The columns in the order in which they are written. */
export const USAGE_COLUMNS: readonly UsageColumn[] = [
  { property: 'id', value: (record) => record.id },
  { property: 'date', value: (record) => record.date },
  { property: 'durationMs', value: (record) => record.durationMs },
  { property: 'serverName', value: (record) => record.serverName },
  { property: 'method', value: (record) => record.method },
  { property: 'url', value: (record) => record.url },
  { property: 'path', value: (record) => record.path },
  { property: 'route', value: (record) => record.route },
  { property: 'query', value: (record) => json(record.query) },
  { property: 'controller', value: (record) => record.controller },
  { property: 'action', value: (record) => record.action },
  { property: 'params', value: (record) => json(record.params) },
  { property: 'status', value: (record) => record.status },
  { property: 'aborted', value: (record) => record.aborted },
  { property: 'errorType', value: (record) => record.errorType },
  { property: 'requestBytes', value: (record) => record.requestBytes },
  { property: 'responseBytes', value: (record) => record.responseBytes },
  { property: 'remoteAddr', value: (record) => record.remoteAddr },
  { property: 'xForwardedFor', value: (record) => record.xForwardedFor },
  { property: 'authorization', value: (record) => record.authorization },
  { property: 'username', value: (record) => record.username },
  { property: 'uaBrowser', value: (record) => record.userAgent.browser },
  { property: 'uaVersion', value: (record) => record.userAgent.version },
  { property: 'uaPlatform', value: (record) => record.userAgent.platform },
  { property: 'uaLanguage', value: (record) => record.userAgent.language },
  { property: 'uaString', value: (record) => record.userAgent.string },
  { property: 'bot', value: (record) => record.bot },
  { property: 'ipInfo', value: (record) => json(record.ipInfo) },
  { property: 'visitor', value: (record) => record.visitor },
  { property: 'trackVar', value: (record) => json(record.trackVar) },
  { property: 'weight', value: (record) => record.weight },
];

/** The record of a row, frozen like the one that was stored. */
export function recordOfRow(row: UsageRow): UsageRecord {
  return Object.freeze({
    id: row.id,
    date: utcDate(row.date),
    durationMs: exact(row.durationMs),
    serverName: row.serverName,
    method: row.method,
    url: row.url,
    path: row.path,
    route: row.route,
    query: jsonObject(row.query),
    controller: row.controller,
    action: row.action,
    params: jsonObject(row.params),
    status: row.status,
    aborted: row.aborted,
    errorType: row.errorType,
    requestBytes: integer(row.requestBytes),
    responseBytes: integer(row.responseBytes),
    remoteAddr: row.remoteAddr,
    xForwardedFor: row.xForwardedFor,
    authorization: row.authorization,
    username: row.username,
    userAgent: Object.freeze({
      browser: row.uaBrowser,
      version: row.uaVersion,
      platform: row.uaPlatform,
      language: row.uaLanguage,
      string: row.uaString,
    }),
    bot: row.bot,
    ipInfo: jsonObject(row.ipInfo),
    visitor: row.visitor,
    trackVar: jsonObject(row.trackVar),
    weight: exact(row.weight),
  });
}

function json(value: JsonObject | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** MySQL's numbers come as text, see ExactDoubleType. */
function exact(value: number | string): number {
  return Number(value);
}

/** Some drivers hand out integers of 64 bits as text. */
function integer(value: number | string | null): number | null {
  return value === null ? null : Number(value);
}

/** Some drivers hand out JSON as text, others parsed. */
function jsonObject(value: unknown): JsonObject | null {
  if (value === null || value === undefined) return null;
  return (typeof value === 'string' ? JSON.parse(value) : value) as JsonObject;
}
