import type { UsageRecord } from '../../record/usage-record.js';
import { escapeControl, escapeJsonControl, escapeQuoted } from '../../record/escape-control.js';

/** Makes one line of a record, without its line feed. */
export type LineFormatter = (record: UsageRecord) => string;

/** For people: date, request, outcome, duration, action. */
export function formatText(record: UsageRecord): string {
  const request = `${record.method} ${record.path}`;
  const names = [record.controller, record.action].filter((name) => name !== null);
  const action = names.length === 0 ? (record.route ?? '-') : names.join('.');
  const outcome = `${record.status ?? '-'}${record.aborted ? ' aborted' : ''}`;
  const parts = [record.date.toISOString(), request, outcome, `${record.durationMs.toFixed(1)} ms`, action];
  if (record.errorType !== null) parts.push(record.errorType);
  if (record.username !== null) parts.push(record.username);
  return escapeControl(parts.join('  '));
}

/** For machines: the record as one line of JSON, the date in ISO 8601. */
export function formatJson(record: UsageRecord): string {
  return escapeJsonControl(JSON.stringify(record));
}

/**
 * Apache's combined log format (mod_log_config, `"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\""`).
 * A record has neither a referrer, for which `-` is printed, nor the protocol's version, for which `HTTP/1.1` is printed.
 * Readers of the format refuse a line without an address or a status: a missing address is `0.0.0.0`, and a missing
 * status is nginx's 499 for a client that has left.
 */
export function formatCombined(record: UsageRecord): string {
  const request = escapeQuoted(`${record.method} ${requestTarget(record)} HTTP/1.1`);
  const userAgent = escapeQuoted(record.userAgent.string ?? '-');
  const user = record.username === '' ? '""' : encodeField(record.username ?? '-');
  const bytes =
    record.responseBytes === null || record.responseBytes === 0 ? '-' : String(record.responseBytes);
  return (
    `${record.remoteAddr ?? '0.0.0.0'} - ${user} [${combinedDate(record.date)}] ` +
    `"${request}" ${record.status ?? 499} ${bytes} "-" "${userAgent}"`
  );
}

/** Path and kept query, as they stand in the URL. */
function requestTarget(record: UsageRecord): string {
  const start = record.query === null ? -1 : record.url.indexOf('?');
  return start < 0 ? record.path : record.path + record.url.slice(start);
}

/** A field whose characters that could end it are written as bytes, in the way of nginx (`escape=default`). */
function encodeField(text: string): string {
  return text.replaceAll(/[^!#-Z^-~]+/g, (run) =>
    Array.from(Buffer.from(run), (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** `10/Oct/2000:13:55:36 +0000`, in UTC. */
function combinedDate(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
