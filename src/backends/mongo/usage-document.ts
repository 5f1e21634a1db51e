import { types } from '@mikro-orm/core';
import { type ColumnProperty, USAGE_COLUMNS } from '../../record/columns.js';
import { fieldsOf } from '../../record/fields.js';
import type { JsonObject, UsageRecord } from '../../record/usage-record.js';
import { COLUMN_TYPES, propertiesOf } from '../mikro-orm/usage-properties.js';
import { type UsageRow, recordOfRow } from '../base/usage-row.js';
import { SafeJsonType, decodeJson, encodeJson } from './safe-keys.js';

/** A record as MongoDB keeps it. */
export type UsageDocument = Record<string, unknown>;

/** The fields of a document: those of a table, with the primary key where MongoDB has it. */
export const documentProperties = propertiesOf({
  ...COLUMN_TYPES,
  id: { type: types.string, primary: true, fieldName: '_id' },
  // JSON is text in a table, and a document within the document here.
  json: { type: SafeJsonType },
  // MikroORM's bigint would write text, and compare with text.
  count: { type: types.double },
});

const JSON_FIELDS = fieldsOf('json');
const FIELDS = USAGE_COLUMNS.map(({ property }) => ({ property, name: fieldName(property) }));

/** The name in a document of one of the entity's properties. */
export function fieldName(property: ColumnProperty): string {
  return documentProperties[property].fieldName ?? property;
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
    query: encodeJson(record.query),
    controller: record.controller,
    action: record.action,
    params: encodeJson(record.params),
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
    ip_info: encodeJson(record.ipInfo),
    visitor: record.visitor,
    track_var: encodeJson(record.trackVar),
    weight: record.weight,
  };
}

/**
 * The record of a document.
 *
 * @param texts - texts of other documents that are read with this one, which records share
 */
export function recordOf(document: UsageDocument, texts: Map<string, string>): UsageRecord {
  const row: Record<string, unknown> = {};
  for (const { property, name } of FIELDS) row[property] = document[name] ?? null;
  for (const property of JSON_FIELDS) row[property] = decodeJson(row[property] as JsonObject | null);
  return recordOfRow(row as unknown as UsageRow, texts);
}
