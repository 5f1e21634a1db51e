import { METHODS } from 'node:http';
import type { RecordingSettings } from '../../options/recording-options.js';
import { limitJsonObject } from '../../record/json.js';
import { sealRecord, sealRequest, sealUserAgent } from '../../record/seal.js';
import type { UsageRecord, UsageRecordDraft, UserAgent } from '../../record/usage-record.js';
import { refuseResult } from './callback.js';
import type { RecordSink } from '../record-sink.js';
import { REDACTED } from '../request/redaction.js';

const NO_USER_AGENT = sealUserAgent({
  browser: null,
  version: null,
  platform: null,
  language: null,
  string: null,
});

/** Makes records of drafts: applies the application's own redaction, and the limits. */
export class RecordSealer {
  readonly #redact: RecordingSettings['redact'];
  readonly #sink: RecordSink;

  /** @param sink - is told when the option's callback throws, or leaves what no record can hold */
  constructor({ redact }: Pick<RecordingSettings, 'redact'>, sink: RecordSink) {
    this.#redact = redact;
    this.#sink = sink;
  }

  /** The draft becomes the record, unless the application redacts. */
  readonly seal = (draft: UsageRecordDraft): UsageRecord => {
    if (this.#redact === null) return sealRequest(draft);
    try {
      const redacted = changeable(draft);
      refuseResult(this.#redact(redacted));
      return sealRecord(asDraft(redacted, draft));
    } catch (error) {
      this.#sink.fault("the option 'redact'", error);
      return sealRecord(withoutContent(draft));
    }
  };
}

/** A copy that may be changed at depth: the location is shared by records, and parameters may hold the application's objects. */
function changeable(draft: UsageRecordDraft): UsageRecordDraft {
  return {
    ...draft,
    params: draft.params === null ? null : limitJsonObject(draft.params),
    userAgent: { ...draft.userAgent },
    ipInfo: draft.ipInfo === null ? null : structuredClone(draft.ipInfo),
  };
}

const IS_OF_KIND = {
  text: (value: unknown) => typeof value === 'string',
  'text or null': (value: unknown) => value === null || typeof value === 'string',
  'a number': Number.isFinite,
  'an integer or null': (value: unknown) => value === null || Number.isSafeInteger(value),
  'an object': (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object or null': (value: unknown) => typeof value === 'object' && !Array.isArray(value),
};

type Kind = keyof typeof IS_OF_KIND;

/** What a redaction may change, and what it has to be afterwards. Anything else is as it was. */
const KINDS = {
  durationMs: 'a number',
  serverName: 'text',
  method: 'text',
  url: 'text',
  path: 'text',
  route: 'text or null',
  query: 'an object or null',
  controller: 'text or null',
  action: 'text or null',
  params: 'an object or null',
  status: 'an integer or null',
  errorType: 'text or null',
  requestBytes: 'an integer or null',
  responseBytes: 'an integer or null',
  remoteAddr: 'text or null',
  xForwardedFor: 'text or null',
  username: 'text or null',
  userAgent: 'an object',
  ipInfo: 'an object or null',
  visitor: 'text or null',
  trackVar: 'an object or null',
  weight: 'a number',
} as const satisfies Partial<Record<keyof UsageRecordDraft, Kind>>;

/**
 * What an application's redaction left, with the fields that a record has and nothing else.
 *
 * @throws {TypeError} if one of them is not what it has to be; what it is instead is not told
 */
function asDraft(redacted: UsageRecordDraft, draft: UsageRecordDraft): UsageRecordDraft {
  const left = Object.entries(KINDS).map(([name, kind]) => {
    const value: unknown = redacted[name as keyof typeof KINDS] ?? null;
    return [name, checked(name, value, kind)];
  });
  const { browser, version, platform, language, string } = redacted.userAgent;
  const userAgent = { browser, version, platform, language, string };
  for (const name of Object.keys(userAgent) as (keyof UserAgent)[]) {
    userAgent[name] ??= null;
    checked(`userAgent.${name}`, userAgent[name], 'text or null');
  }
  return { ...draft, ...(Object.fromEntries(left) as object), userAgent: sealUserAgent(userAgent) };
}

function checked(name: string, value: unknown, kind: Kind): unknown {
  if (IS_OF_KIND[kind](value)) return value;
  throw new TypeError(`it left '${name}' as a value of type ${typeof value}; expected ${kind}`);
}

/** What is left of a record whose redaction failed: what no stranger and no caller has written. */
function withoutContent(draft: UsageRecordDraft): UsageRecordDraft {
  const path = draft.route ?? REDACTED;
  return {
    ...draft,
    // HTTP/2 lets a client write anything there.
    method: METHODS.includes(draft.method) ? draft.method : REDACTED,
    url: path,
    path,
    query: null,
    params: null,
    remoteAddr: null,
    xForwardedFor: null,
    username: null,
    userAgent: NO_USER_AGENT,
    ipInfo: null,
    visitor: null,
    trackVar: null,
  };
}
