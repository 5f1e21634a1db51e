import { p } from '@mikro-orm/core';
import type { JsonObject, UsageRecord } from '../../record/usage-record.js';
import { usageProperties } from '../mikro-orm/usage-properties.js';
import { USAGE_COLUMNS, type UsageRow, recordOfRow } from '../mikro-orm/usage-row.js';
import { SafeJsonType, decodeJson, encodeJson } from './safe-keys.js';

/** A record as MongoDB keeps it. */
export type UsageDocument = Record<string, unknown>;

/** The fields of a document: those of the table, with the primary key where MongoDB has it. */
export const documentProperties = {
  ...usageProperties,
  id: p.string().primary().fieldName('_id'),
  query: p.type(SafeJsonType).nullable().fieldName('query'),
  params: p.type(SafeJsonType).nullable().fieldName('params'),
  // MikroORM's bigint would write text, and compare with text.
  requestBytes: p.double().nullable().fieldName('request_bytes'),
  responseBytes: p.double().nullable().fieldName('response_bytes'),
  ipInfo: p.type(SafeJsonType).nullable().fieldName('ip_info'),
  trackVar: p.type(SafeJsonType).nullable().fieldName('track_var'),
};

/** What is JSON: text in a table, a document within the document here. */
const JSON_PROPERTIES = ['query', 'params', 'ipInfo', 'trackVar'] as const;

const FIELDS = USAGE_COLUMNS.map(({ property }) => ({ property, name: fieldName(property) }));

/** What a field of the entity is called in a document. */
export function fieldName(property: keyof UsageRow): string {
  return documentProperties[property]['~options'].fieldName ?? property;
}

/**
 * The document of a record. Its fields are written out, as V8 makes such an object in a hundredth of the time of one that
 * is filled name by name, and the driver reads it faster; a spec compares them with the entity's.
 */
export function documentOf(record: UsageRecord): UsageDocument {
  return {
    _id: record.id,
    date: record.date,
    duration_ms: record.durationMs,
    server_name: record.serverName,
    method: record.method,
    url: record.url,
    path: record.path,
    route: record.route,
    query: encodeNullable(record.query),
    controller: record.controller,
    action: record.action,
    params: encodeNullable(record.params),
    status: record.status,
    aborted: record.aborted,
    error_type: record.errorType,
    request_bytes: record.requestBytes,
    response_bytes: record.responseBytes,
    remote_addr: record.remoteAddr,
    x_forwarded_for: record.xForwardedFor,
    authorization: record.authorization,
    username: record.username,
    ua_browser: record.userAgent.browser,
    ua_version: record.userAgent.version,
    ua_platform: record.userAgent.platform,
    ua_language: record.userAgent.language,
    ua_string: record.userAgent.string,
    bot: record.bot,
    ip_info: encodeNullable(record.ipInfo),
    visitor: record.visitor,
    track_var: encodeNullable(record.trackVar),
    weight: record.weight,
  };
}

/** The record of a document. */
export function recordOf(document: UsageDocument): UsageRecord {
  const row: Record<string, unknown> = {};
  for (const { property, name } of FIELDS) row[property] = document[name] ?? null;
  for (const property of JSON_PROPERTIES) row[property] = decodeJson(row[property] as JsonObject | null);
  return recordOfRow(row as unknown as UsageRow);
}

function encodeNullable(value: JsonObject | null): unknown {
  return value === null ? null : encodeJson(value);
}
