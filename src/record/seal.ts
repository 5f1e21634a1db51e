import { USER_AGENT_PARTS } from './fields.js';
import { limitJsonObject } from './json.js';
import { TEXT_LIMITS } from './limits.js';
import { cleanNullableText, cleanText } from './text.js';
import type { JsonObject, UsageRecord, UsageRecordDraft, UserAgent } from './usage-record.js';

/**
 * Applies the limits of every field to a draft, in place, and freezes it. `userAgent` is taken as it is: it
 * comes from {@link sealUserAgent}, once for many records.
 */
export function sealRecord(draft: UsageRecordDraft): UsageRecord {
  draft.serverName = cleanText(draft.serverName, TEXT_LIMITS.serverName);
  draft.route = cleanNullableText(draft.route, TEXT_LIMITS.route);
  draft.controller = cleanNullableText(draft.controller, TEXT_LIMITS.controller);
  draft.action = cleanNullableText(draft.action, TEXT_LIMITS.action);
  draft.remoteAddr = cleanNullableText(draft.remoteAddr, TEXT_LIMITS.remoteAddr);
  draft.visitor = cleanNullableText(draft.visitor, TEXT_LIMITS.visitor);
  return sealRequest(draft);
}

/**
 * Applies the limits of the fields that each request fills anew, in place, and freezes the draft. The names of the
 * application and its actions, the address and the visitor are within their limits already.
 */
export function sealRequest(draft: UsageRecordDraft): UsageRecord {
  draft.durationMs = finiteOr(draft.durationMs, 0);
  draft.method = cleanText(draft.method, TEXT_LIMITS.method);
  draft.url = cleanText(draft.url, TEXT_LIMITS.url);
  draft.path = cleanText(draft.path, TEXT_LIMITS.path);
  draft.query = limitNullable(draft.query);
  draft.params = limitNullable(draft.params);
  draft.errorType = cleanNullableText(draft.errorType, TEXT_LIMITS.errorType);
  draft.requestBytes = countOrNull(draft.requestBytes);
  draft.responseBytes = countOrNull(draft.responseBytes);
  draft.xForwardedFor = cleanNullableText(draft.xForwardedFor, TEXT_LIMITS.xForwardedFor);
  draft.username = cleanNullableText(draft.username, TEXT_LIMITS.username);
  draft.ipInfo = limitNullable(draft.ipInfo);
  draft.trackVar = limitNullable(draft.trackVar);
  draft.weight = finiteOr(draft.weight, 1);
  return Object.freeze(draft);
}

/** Applies the limits of a user agent's fields, in place, and freezes it. */
export function sealUserAgent(draft: { -readonly [Field in keyof UserAgent]: UserAgent[Field] }): UserAgent {
  draft.browser = cleanNullableText(draft.browser, USER_AGENT_PARTS.browser.maxLength);
  draft.version = cleanNullableText(draft.version, USER_AGENT_PARTS.version.maxLength);
  draft.platform = cleanNullableText(draft.platform, USER_AGENT_PARTS.platform.maxLength);
  draft.language = cleanNullableText(draft.language, USER_AGENT_PARTS.language.maxLength);
  draft.string = cleanNullableText(draft.string, USER_AGENT_PARTS.string.maxLength);
  return Object.freeze(draft);
}

function limitNullable(value: JsonObject | null): JsonObject | null {
  try {
    return value === null ? null : limitJsonObject(value);
  } catch {
    // A getter somewhere in it throws: the record does without.
    return null;
  }
}

/** Negative zero becomes zero, as neither JSON nor every database tells them apart. */
function finiteOr(value: number, fallback: number): number {
  return Number.isFinite(value) ? value + 0 : fallback;
}

function countOrNull(value: number | null): number | null {
  return value !== null && Number.isSafeInteger(value) && value >= 0 ? value + 0 : null;
}
