import type { IncomingMessage } from 'node:http';
import type { IpPolicy } from '../metadata/data-policy.js';
import type { AddressSettings } from '../options/address-options.js';
import type { TrackerSettings } from '../options/tracker-options.js';
import type { WhatSettings } from '../options/what-options.js';
import { RecordIds } from '../record/record-id.js';
import type { UsageRecordDraft } from '../record/usage-record.js';
import type { ClientAddresses } from './client-address.js';
import { ConnectionMemory } from './connection-memory.js';
import type { EffectivePolicy } from './effective-policy.js';
import type { Exchange } from './exchange.js';
import type { Verdict } from './gate.js';
import { type RedactedRoute, redactRoute } from './redaction.js';
import { detachedValues, readTarget } from './request-target.js';
import type { Outcome } from './response-outcome.js';

/** The part of the settings that a record depends on. */
export type RecordSettings = WhatSettings & AddressSettings & Pick<TrackerSettings, 'serverName'>;

/** Makes the records of closed exchanges, and remembers what many of them share. */
export class RecordMaker {
  readonly #settings: RecordSettings;
  readonly #addresses: ClientAddresses;
  readonly #connections = new ConnectionMemory();
  readonly #ids = new RecordIds();

  constructor(settings: RecordSettings, addresses: ClientAddresses) {
    this.#settings = settings;
    this.#addresses = addresses;
  }

  /**
   * Makes a record's draft from what went out. One object, all of its fields in their final order; the user's name is
   * for others to fill in, as it may take time.
   *
   * @param exchange - one that is concluded
   */
  draft(exchange: Exchange, policy: EffectivePolicy, { weight, isAnonymous }: Verdict): UsageRecordDraft {
    const { context, attribution, startedAtMs, durationMs } = exchange;
    const outcome = exchange.outcome as Outcome;
    const { req } = context;
    const { serverName, keepUserAgent } = this.#settings;
    const ip = isAnonymous ? 'none' : policy.ip;
    const target = readTarget(context.originalUrl, policy.query);
    const { path, params } = routeOf(exchange, target.path, policy);
    const { software, origin } = this.#connections.read(context);
    return {
      id: this.#ids.next(startedAtMs + durationMs),
      date: new Date(startedAtMs),
      durationMs: Math.round(durationMs * 1000) / 1000,
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
      remoteAddr: this.#addressOf(exchange, ip),
      xForwardedFor: this.#addresses.forwardedFor(exchange.remoteAddress, req.headers, ip),
      authorization: req.headers.authorization !== undefined,
      username: null,
      userAgent: keepUserAgent && !isAnonymous ? software.userAgent : software.textlessUserAgent,
      bot: software.bot,
      ipInfo: null,
      visitor: null,
      trackVar: policy.data ? exchange.ownData : null,
      weight,
    };
  }

  #addressOf(exchange: Exchange, policy: IpPolicy): string | null {
    return policy === 'none' ? null : this.#addresses.apply(this.#addresses.of(exchange), policy);
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
