import { p } from '@mikro-orm/core';
import type { JsonObject, UsageRecord } from '../../../record/usage-record.js';
import { usageProperties } from '../usage-properties.js';
import { USAGE_COLUMNS, type UsageRow, recordOfRow } from '../usage-row.js';
import { SafeJsonType, decodeJson, encodeJson } from './safe-keys.js';

/** A record as MongoDB keeps it. */
export type UsageDocument = Record<string, unknown>;

/** The fields of a document: those of the table, with the primary key where MongoDB has it. */
export const documentProperties = {
  ...usageProperties,
  id: p.string().primary().fieldName('_id'),
  query: p.type(SafeJsonType).nullable().fieldName('query'),
  params: p.type(SafeJsonType).nullable().fieldName('params'),
  ipInfo: p.type(SafeJsonType).nullable().fieldName('ip_info'),
  trackVar: p.type(SafeJsonType).nullable().fieldName('track_var'),
};

/** What is JSON: text in a table, a document within the document here. */
const JSON_PROPERTIES = ['query', 'params', 'ipInfo', 'trackVar'] as const;
type JsonProperty = (typeof JSON_PROPERTIES)[number];

interface DocumentField {
  readonly property: keyof UsageRow;
  readonly name: string;
  readonly value: (record: UsageRecord) => unknown;
}

const FIELDS: readonly DocumentField[] = USAGE_COLUMNS.map(({ property, value }) => ({
  property,
  name: fieldName(property),
  value: isJson(property) ? (record) => encodeObject(record[property]) : value,
}));

/** What a field of the entity is called in a document. */
export function fieldName(property: keyof UsageRow): string {
  return documentProperties[property]['~options'].fieldName ?? property;
}

/** The document of a record. */
export function documentOf(record: UsageRecord): UsageDocument {
  const document: UsageDocument = {};
  for (const { name, value } of FIELDS) document[name] = value(record);
  return document;
}

/** The record of a document. */
export function recordOf(document: UsageDocument): UsageRecord {
  const row: Record<string, unknown> = {};
  for (const { property, name } of FIELDS) row[property] = document[name] ?? null;
  for (const property of JSON_PROPERTIES) row[property] = decodeJson(row[property] as JsonObject | null);
  return recordOfRow(row as unknown as UsageRow);
}

function encodeObject(value: JsonObject | null): unknown {
  return value === null ? null : encodeJson(value);
}

function isJson(property: keyof UsageRow): property is JsonProperty {
  return (JSON_PROPERTIES as readonly string[]).includes(property);
}
