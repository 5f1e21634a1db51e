import { BLANK } from './fields.js';
import { sealRecord, sealUserAgent } from './seal.js';
import type { UsageRecord, UsageRecordDraft, UserAgent } from './usage-record.js';

/** A record as JSON leaves it: the date is ISO 8601 text, and a field of a later version may be missing. */
type WireRecord = Partial<Omit<UsageRecordDraft, 'date'>> & { date?: string };

/** A record as one line of JSON. */
export function encodeRecord(record: UsageRecord): string {
  return JSON.stringify(record);
}

/**
 * Reads a line of {@link encodeRecord}. The limits are applied again, so that a file that was written by hand does no more
 * harm than a request.
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
    durationMs: wire.durationMs ?? BLANK.durationMs,
    serverName: wire.serverName ?? BLANK.serverName,
    method: wire.method ?? BLANK.method,
    url: wire.url ?? BLANK.url,
    path: wire.path,
    route: wire.route ?? BLANK.route,
    query: wire.query ?? BLANK.query,
    controller: wire.controller ?? BLANK.controller,
    action: wire.action ?? BLANK.action,
    params: wire.params ?? BLANK.params,
    status: wire.status ?? BLANK.status,
    aborted: wire.aborted ?? BLANK.aborted,
    errorType: wire.errorType ?? BLANK.errorType,
    requestBytes: wire.requestBytes ?? BLANK.requestBytes,
    responseBytes: wire.responseBytes ?? BLANK.responseBytes,
    remoteAddr: wire.remoteAddr ?? BLANK.remoteAddr,
    xForwardedFor: wire.xForwardedFor ?? BLANK.xForwardedFor,
    authorization: wire.authorization ?? BLANK.authorization,
    username: wire.username ?? BLANK.username,
    userAgent: decodeUserAgent(wire.userAgent),
    bot: wire.bot ?? BLANK.bot,
    ipInfo: wire.ipInfo ?? BLANK.ipInfo,
    visitor: wire.visitor ?? BLANK.visitor,
    trackVar: wire.trackVar ?? BLANK.trackVar,
    weight: wire.weight ?? BLANK.weight,
  });
}

function decodeUserAgent(wire: UserAgent = BLANK.userAgent): UserAgent {
  return sealUserAgent({
    browser: wire.browser ?? null,
    version: wire.version ?? null,
    platform: wire.platform ?? null,
    language: wire.language ?? null,
    string: wire.string ?? null,
  });
}
