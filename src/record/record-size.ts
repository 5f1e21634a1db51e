import type { JsonValue, UsageRecord } from './usage-record.js';

/** An object of 27 fields, a date, an id and its place in a queue, as V8 lays them out. */
const FIXED_BYTES = 480;

/**
 * Estimates the memory that a record holds, in bytes, from the lengths of its texts: exact enough to bound a
 * queue, and without serialising anything.
 */
export function estimateRecordBytes(record: UsageRecord): number {
  return (
    FIXED_BYTES +
    record.url.length +
    record.path.length +
    (record.username?.length ?? 0) +
    (record.userAgent.string?.length ?? 0) +
    (record.query === null ? 0 : estimateJsonBytes(record.query)) +
    (record.params === null ? 0 : estimateJsonBytes(record.params)) +
    (record.ipInfo === null ? 0 : estimateJsonBytes(record.ipInfo)) +
    (record.trackVar === null ? 0 : estimateJsonBytes(record.trackVar))
  );
}

function estimateJsonBytes(value: JsonValue): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 32;
  for (const [name, item] of Object.entries(value)) bytes += 8 + name.length + estimateJsonBytes(item);
  return bytes;
}
