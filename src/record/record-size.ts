import type { JsonValue, UsageRecord } from './usage-record.js';

/** An object of 27 fields, a date, an id, an address and its place in a queue, as V8 lays them out. */
const FIXED_BYTES = 560;
/** Beside its characters, a text has a head, and gaps behind it. */
const TEXT_BYTES = 20;
/** A name is a text, and a line in the table of its object's shape. */
const NAME_BYTES = 40;
const OBJECT_BYTES = 56;
/** A list that has grown has room for more. */
const LIST_BYTES = 184;

/**
 * Estimates the memory that a record holds, in bytes, from the lengths of its texts: exact enough to bound a
 * queue, and without serialising anything.
 */
export function estimateRecordBytes(record: UsageRecord): number {
  return (
    FIXED_BYTES +
    textBytes(record.url) +
    textBytes(record.path) +
    textBytes(record.username) +
    textBytes(record.xForwardedFor) +
    textBytes(record.userAgent.string) +
    textBytes(record.errorType) +
    (record.query === null ? 0 : jsonBytes(record.query)) +
    (record.params === null ? 0 : jsonBytes(record.params)) +
    (record.ipInfo === null ? 0 : jsonBytes(record.ipInfo)) +
    (record.trackVar === null ? 0 : jsonBytes(record.trackVar))
  );
}

function jsonBytes(value: JsonValue): number {
  if (typeof value === 'string') return TEXT_BYTES + textBytes(value);
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) bytes += 8 + jsonBytes(item);
    return bytes + (value.length === 0 ? OBJECT_BYTES : LIST_BYTES);
  }
  for (const [name, item] of Object.entries(value)) bytes += NAME_BYTES + textBytes(name) + jsonBytes(item);
  return bytes + OBJECT_BYTES;
}

/** V8 keeps a text in one byte a character, or all of it in two where one of them is beyond Latin-1. */
function textBytes(text: string | null): number {
  if (text === null) return 0;
  return /[^\0-\u00ff]/.test(text) ? 2 * text.length : text.length;
}
