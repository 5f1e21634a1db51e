import type { JsonObject, UsageRecord, UserAgent } from '../../record/usage-record.js';
import { utcDate } from './mysql-column-types.js';

/** The parts of a user agent as they lie flat in a row. */
type FlatUserAgent = { readonly [Part in keyof UserAgent as `ua${Capitalize<Part>}`]: UserAgent[Part] };

/** A row of the table: a record whose user agent lies flat. */
export interface UsageRow extends Omit<UsageRecord, 'userAgent'>, FlatUserAgent {}

/** The record of a row, frozen like the one that was stored. */
export function recordOfRow(row: UsageRow): UsageRecord {
  return Object.freeze({
    id: row.id,
    date: utcDate(row.date),
    durationMs: toNumber(row.durationMs),
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
    aborted: toBoolean(row.aborted),
    errorType: row.errorType,
    requestBytes: row.requestBytes === null ? null : toNumber(row.requestBytes),
    responseBytes: row.responseBytes === null ? null : toNumber(row.responseBytes),
    remoteAddr: row.remoteAddr,
    xForwardedFor: row.xForwardedFor,
    authorization: toBoolean(row.authorization),
    username: row.username,
    userAgent: Object.freeze({
      browser: row.uaBrowser,
      version: row.uaVersion,
      platform: row.uaPlatform,
      language: row.uaLanguage,
      string: row.uaString,
    }),
    bot: toBoolean(row.bot),
    ipInfo: jsonObject(row.ipInfo),
    visitor: row.visitor,
    trackVar: jsonObject(row.trackVar),
    weight: toNumber(row.weight),
  });
}

/** MySQL's numbers come as text, see ExactDoubleType; so do integers of 64 bits from some drivers. */
function toNumber(value: number | string): number {
  return Number(value);
}

/** SQLite's booleans come from its thread as 0 and 1. */
function toBoolean(value: boolean | number): boolean {
  return Boolean(value);
}

/** Some drivers hand out JSON as text, others as an object. */
function jsonObject(value: unknown): JsonObject | null {
  if (value === null || value === undefined) return null;
  return (typeof value === 'string' ? JSON.parse(value) : value) as JsonObject;
}
