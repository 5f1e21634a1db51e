import type { JsonObject, UsageRecord, UserAgent } from '../../record/usage-record.js';

/** The parts of a user agent as they lie flat in a row. */
type FlatUserAgent = { readonly [Part in keyof UserAgent as `ua${Capitalize<Part>}`]: UserAgent[Part] };

/** A row of the table: a record whose user agent lies flat. */
export interface UsageRow extends Omit<UsageRecord, 'userAgent'>, FlatUserAgent {}

/**
 * The record of a row, or as much of it as was read, frozen like the one that was stored.
 *
 * @param texts - texts of other rows that are read with this one. Records share a text that comes again: a page takes
 *   two thirds of the memory, and V8, which holds the event loop to move it, half of the time
 */
export function recordOfRow(row: UsageRow, texts: Map<string, string>): UsageRecord {
  return Object.freeze({
    id: row.id,
    date: utcDate(row.date),
    durationMs: toNumber(row.durationMs),
    serverName: shared(row.serverName, texts),
    method: shared(row.method, texts),
    url: row.url,
    path: row.path,
    route: shared(row.route, texts),
    query: jsonObject(row.query),
    controller: shared(row.controller, texts),
    action: shared(row.action, texts),
    params: jsonObject(row.params),
    status: row.status,
    aborted: toBoolean(row.aborted),
    errorType: shared(row.errorType, texts),
    requestBytes: row.requestBytes === null ? null : toNumber(row.requestBytes),
    responseBytes: row.responseBytes === null ? null : toNumber(row.responseBytes),
    remoteAddr: shared(row.remoteAddr, texts),
    xForwardedFor: shared(row.xForwardedFor, texts),
    authorization: toBoolean(row.authorization),
    username: shared(row.username, texts),
    userAgent: Object.freeze({
      browser: shared(row.uaBrowser, texts),
      version: shared(row.uaVersion, texts),
      platform: shared(row.uaPlatform, texts),
      language: shared(row.uaLanguage, texts),
      string: shared(row.uaString, texts),
    }),
    bot: toBoolean(row.bot),
    ipInfo: jsonObject(row.ipInfo),
    visitor: shared(row.visitor, texts),
    trackVar: jsonObject(row.trackVar),
    weight: toNumber(row.weight),
  });
}

/** The date in a row: text of MySQL, which knows no zone, SQLite's number, or a date from other drivers. */
export function utcDate(value: Date | string | number): Date {
  return new Date(typeof value === 'string' ? `${value.replace(' ', 'T')}Z` : value);
}

function shared<Text extends string | null>(text: Text, texts: Map<string, string>): Text {
  if (typeof text !== 'string') return text;
  const known = texts.get(text);
  if (known === undefined) texts.set(text, text);
  return (known ?? text) as Text;
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
