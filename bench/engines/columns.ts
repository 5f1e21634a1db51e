import type { UsageRecord } from 'koa-track-usage';

/** The columns by hand, as somebody would who wants nothing but speed. */
export const COLUMNS = [
  ['id', 'date', 'duration_ms', 'server_name', 'method', 'url', 'path', 'route', 'query', 'controller'],
  ['action', 'params', 'status', 'aborted', 'error_type', 'request_bytes', 'response_bytes', 'remote_addr'],
  ['x_forwarded_for', 'authorization', 'username', 'ua_browser', 'ua_version', 'ua_platform', 'ua_language'],
  ['ua_string', 'bot', 'ip_info', 'visitor', 'track_var', 'weight'],
].flat();

/** A row, as a driver hands it out. */
export type Row = Record<string, never>;

const json = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));
/** Some drivers have parsed it already. */
const parsed = (value: unknown): never =>
  (typeof value === 'string' ? JSON.parse(value) : (value ?? null)) as never;

/** Some drivers hand out integers of 64 bits as text. */
const count = (value: unknown): number | null => (value === null ? null : Number(value));

/** What a record has in the columns. */
export function rowOf(record: UsageRecord, date: string | number): (string | number | null)[] {
  const { userAgent } = record;
  return [
    record.id,
    date,
    record.durationMs,
    record.serverName,
    record.method,
    record.url,
    record.path,
    record.route,
    json(record.query),
    record.controller,
    record.action,
    json(record.params),
    record.status,
    Number(record.aborted),
    record.errorType,
    record.requestBytes,
    record.responseBytes,
    record.remoteAddr,
    record.xForwardedFor,
    Number(record.authorization),
    record.username,
    userAgent.browser,
    userAgent.version,
    userAgent.platform,
    userAgent.language,
    userAgent.string,
    Number(record.bot),
    json(record.ipInfo),
    record.visitor,
    json(record.trackVar),
    record.weight,
  ];
}

/** The record of a row. */
export function recordOf(row: Row): UsageRecord {
  return {
    id: row['id'] as never,
    date: new Date(row['date'] as never),
    durationMs: row['duration_ms'] as never,
    serverName: row['server_name'] as never,
    method: row['method'] as never,
    url: row['url'] as never,
    path: row['path'] as never,
    route: row['route'] as never,
    query: parsed(row['query']),
    controller: row['controller'] as never,
    action: row['action'] as never,
    params: parsed(row['params']),
    status: row['status'] as never,
    aborted: Boolean(row['aborted']),
    errorType: row['error_type'] as never,
    requestBytes: count(row['request_bytes']),
    responseBytes: count(row['response_bytes']),
    remoteAddr: row['remote_addr'] as never,
    xForwardedFor: row['x_forwarded_for'] as never,
    authorization: Boolean(row['authorization']),
    username: row['username'] as never,
    userAgent: {
      browser: row['ua_browser'] ?? null,
      version: row['ua_version'] ?? null,
      platform: row['ua_platform'] ?? null,
      language: row['ua_language'] ?? null,
      string: row['ua_string'] ?? null,
    },
    bot: Boolean(row['bot']),
    ipInfo: parsed(row['ip_info']),
    visitor: row['visitor'] as never,
    trackVar: parsed(row['track_var']),
    weight: row['weight'] as never,
  };
}
