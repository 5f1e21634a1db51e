import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { TrackerSettings } from '../options/tracker-options.js';
import type { WhatSettings } from '../options/what-options.js';
import { RecordIds } from '../record/record-id.js';
import { sealRecord, sealUserAgent } from '../record/seal.js';
import type { UsageRecord, UsageRecordDraft } from '../record/usage-record.js';
import { refusePromise } from './callback.js';
import { AddressTruncator } from './client-address.js';
import { ConnectionMemory } from './connection-memory.js';
import { basicUserName } from './credentials.js';
import type { EffectivePolicies, EffectivePolicy } from './effective-policy.js';
import type { Exchange } from './exchange.js';
import type { Verdict } from './gate.js';
import type { RecordSink } from './record-sink.js';
import { REDACTED, type RedactedRoute, redactRoute } from './redaction.js';
import { detachedValues, readTarget } from './request-target.js';
import type { Outcome } from './response-outcome.js';

/** The part of the settings that a record depends on. */
export type RecordSettings = WhatSettings & Pick<TrackerSettings, 'clock' | 'serverName' | 'user'>;

/** Makes the records of closed exchanges, and remembers what many of them share. */
export class RecordMaker {
  readonly #settings: RecordSettings;
  readonly #policies: EffectivePolicies;
  readonly #sink: RecordSink;
  readonly #addresses = new AddressTruncator();
  readonly #connections = new ConnectionMemory();
  readonly #ids = new RecordIds();

  /** @param sink - is told when an option's callback throws */
  constructor(settings: RecordSettings, policies: EffectivePolicies, sink: RecordSink) {
    this.#settings = settings;
    this.#policies = policies;
    this.#sink = sink;
  }

  /**
   * Makes a record from what went out. One object, all of its fields in their final order.
   *
   * @param exchange - one that is concluded
   */
  make(exchange: Exchange, { weight, isAnonymous }: Verdict): UsageRecord {
    const { context, attribution } = exchange;
    const outcome = exchange.outcome as Outcome;
    const { req } = context;
    const { clock, serverName, keepUserAgent } = this.#settings;
    const policy = this.#policies.of(attribution?.data ?? null);
    const target = readTarget(context.originalUrl, policy.query);
    const { path, params } = routeOf(exchange, target.path, policy);
    const { software, origin } = this.#connections.read(context);
    return this.#seal({
      id: this.#ids.next(clock.now()),
      date: new Date(exchange.startedAtMs),
      durationMs: Math.round(exchange.durationMs * 1000) / 1000,
      serverName,
      method: req.method ?? '',
      url: origin + path + target.search,
      path,
      route: attribution?.route ?? null,
      query: target.query,
      controller: attribution?.controllerName ?? null,
      action: attribution?.actionName ?? null,
      params,
      status: outcome.status,
      aborted: outcome.aborted,
      errorType: exchange.errorType ?? outcome.errorType,
      requestBytes: requestBodyBytes(req, exchange.requestBytes),
      responseBytes: responseBodyBytes(outcome, exchange),
      remoteAddr:
        isAnonymous || policy.ip === 'none' ? null : this.#addresses.truncate(exchange.remoteAddress),
      xForwardedFor: null,
      authorization: req.headers.authorization !== undefined,
      username: isAnonymous ? null : this.#userName(context),
      userAgent: keepUserAgent && !isAnonymous ? software.userAgent : software.textlessUserAgent,
      bot: software.bot,
      ipInfo: null,
      visitor: null,
      trackVar: policy.data ? exchange.ownData : null,
      weight,
    });
  }

  /** Applies the application's own redaction, and the limits. */
  #seal(draft: UsageRecordDraft): UsageRecord {
    const { redact } = this.#settings;
    if (redact === null) return sealRecord(draft);
    try {
      const redacted = { ...draft, userAgent: { ...draft.userAgent } };
      refusePromise(redact(redacted));
      return sealRecord(asDraft(redacted, draft));
    } catch (error) {
      this.#sink.fault("the option 'redact'", error);
      return sealRecord(withoutContent(draft));
    }
  }

  /** Who calls, as the application or the `Authorization` header says. */
  #userName(context: Context): string | null {
    const { user } = this.#settings;
    if (user === null) {
      const { authorization } = context.req.headers;
      return authorization === undefined ? null : basicUserName(authorization);
    }
    try {
      const name: unknown = user(context);
      if (name === undefined || name === null) return null;
      if (typeof name === 'string') return name;
      refusePromise(name);
      throw new TypeError(`it returned a value of type ${typeof name}; expected a string or undefined`);
    } catch (error) {
      this.#sink.fault("the option 'user'", error);
      return null;
    }
  }
}

function routeOf(
  { params, context, attribution }: Exchange,
  path: string,
  policy: EffectivePolicy,
): RedactedRoute {
  const own = params === null ? null : detachedValues(params, context.originalUrl);
  return redactRoute(path, own, policy.params, attribution?.route ?? null);
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

/** What was written past the response's own methods cannot be told. */
function responseBodyBytes(outcome: Outcome, exchange: Exchange): number | null {
  if (!outcome.sentBody) return 0;
  return exchange.countsResponse && !outcome.bypassed ? exchange.responseBytes : null;
}

/** A body that arrived whole has the length that its header declared; of any other, what arrived is counted. */
function requestBodyBytes(request: IncomingMessage, counted: number): number {
  const declared = request.headers['content-length'];
  return request.complete && declared !== undefined ? Number(declared) : counted;
}
