import { sealRecord, sealUserAgent } from './seal.js';
import type { UsageRecord, UsageRecordDraft, UserAgent } from './usage-record.js';

/** A record as JSON leaves it: the date is ISO 8601 text, and a field of a later version may be missing. */
type WireRecord = Partial<Omit<UsageRecordDraft, 'date'>> & { date?: string };

/** A record as one line of JSON. */
export function encodeRecord(record: UsageRecord): string {
  return JSON.stringify(record);
}

/**
 * Reads what {@link encodeRecord} wrote. The limits are applied again, so that a file that somebody wrote by hand
 * does no more harm than a request.
 *
 * @throws {TypeError | SyntaxError} if the text is not a record
 */
export function decodeRecord(text: string): UsageRecord {
  const wire = JSON.parse(text) as WireRecord;
  const date = new Date(String(wire.date));
  if (typeof wire.id !== 'string' || typeof wire.path !== 'string' || Number.isNaN(date.getTime())) {
    throw new TypeError(`Expected a usage record with id, path and date; got ${text.slice(0, 80)}`);
  }
  return sealRecord({
    id: wire.id,
    date,
    durationMs: wire.durationMs ?? 0,
    serverName: wire.serverName ?? '',
    method: wire.method ?? '',
    url: wire.url ?? '',
    path: wire.path,
    route: wire.route ?? null,
    query: wire.query ?? null,
    controller: wire.controller ?? null,
    action: wire.action ?? null,
    params: wire.params ?? null,
    status: wire.status ?? null,
    aborted: wire.aborted ?? false,
    errorType: wire.errorType ?? null,
    requestBytes: wire.requestBytes ?? null,
    responseBytes: wire.responseBytes ?? null,
    remoteAddr: wire.remoteAddr ?? null,
    xForwardedFor: wire.xForwardedFor ?? null,
    authorization: wire.authorization ?? false,
    username: wire.username ?? null,
    userAgent: decodeUserAgent(wire.userAgent),
    bot: wire.bot ?? false,
    ipInfo: wire.ipInfo ?? null,
    visitor: wire.visitor ?? null,
    trackVar: wire.trackVar ?? null,
    weight: wire.weight ?? 1,
  });
}

function decodeUserAgent(wire: UserAgent | undefined): UserAgent {
  return sealUserAgent({
    browser: wire?.browser ?? null,
    version: wire?.version ?? null,
    platform: wire?.platform ?? null,
    language: wire?.language ?? null,
    string: wire?.string ?? null,
  });
}
