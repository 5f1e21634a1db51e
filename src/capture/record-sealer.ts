import type { WhatSettings } from '../options/what-options.js';
import { sealRecord, sealRequest, sealUserAgent } from '../record/seal.js';
import type { UsageRecord, UsageRecordDraft } from '../record/usage-record.js';
import { refusePromise } from './callback.js';
import type { RecordSink } from './record-sink.js';
import { REDACTED } from './redaction.js';

/** Makes records of drafts: applies the application's own redaction, and the limits. */
export class RecordSealer {
  readonly #redact: WhatSettings['redact'];
  readonly #sink: RecordSink;

  /** @param sink - is told when the option's callback throws */
  constructor({ redact }: Pick<WhatSettings, 'redact'>, sink: RecordSink) {
    this.#redact = redact;
    this.#sink = sink;
  }

  /** The draft becomes the record, unless the application redacts. */
  seal(draft: UsageRecordDraft): UsageRecord {
    if (this.#redact === null) return sealRequest(draft);
    try {
      const redacted = { ...draft, userAgent: { ...draft.userAgent } };
      refusePromise(this.#redact(redacted));
      return sealRecord(asDraft(redacted, draft));
    } catch (error) {
      this.#sink.fault("the option 'redact'", error);
      return sealRecord(withoutContent(draft));
    }
  }
}

/** What an application's redaction left, with the fields that a record has and nothing else. */
function asDraft(redacted: UsageRecordDraft, draft: UsageRecordDraft): UsageRecordDraft {
  const names = Object.keys(draft) as (keyof UsageRecordDraft)[];
  const fields = Object.fromEntries(names.map((name) => [name, redacted[name] ?? null]));
  const { browser, version, platform, language, string } = redacted.userAgent;
  return {
    ...(fields as unknown as UsageRecordDraft),
    id: draft.id,
    date: draft.date,
    aborted: draft.aborted,
    authorization: draft.authorization,
    bot: draft.bot,
    userAgent: sealUserAgent({ browser, version, platform, language, string }),
  };
}

/** What is left of a record whose redaction failed: what no stranger and no caller has written. */
function withoutContent(draft: UsageRecordDraft): UsageRecordDraft {
  const path = draft.route ?? REDACTED;
  return {
    ...draft,
    url: path,
    path,
    query: null,
    params: null,
    remoteAddr: null,
    xForwardedFor: null,
    username: null,
    userAgent: sealUserAgent({ ...draft.userAgent, string: null }),
    ipInfo: null,
    visitor: null,
    trackVar: null,
  };
}
